// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/filter.h"

#include "dataplane/filter/compiler.h"
#include "dataplane/filter/evaluator.h"
#include "dataplane/filter/syntax.h"
#include "dataplane/filter/token.h"

namespace wirewatch {

struct Filter::Program {
  Program(std::string source, filter::LiteralStore literals, filter::CompiledTest compiled)
      : text(std::move(source)), store(std::move(literals)), test(std::move(compiled.test)), evaluator(compiled.wanted), needs(evaluator.needs()) {
    if (compiled.asks_application) needs.flow = needs.whole_flow = true;
  }

  std::string text;
  filter::LiteralStore store;
  filter::Test test;
  filter::Evaluator evaluator;
  Needs needs;
};

Filter::Filter(std::unique_ptr<Program> program) noexcept : program_(std::move(program)) {}
Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

Result<Filter> Filter::compile(std::string_view text, const FilterNames& names) {
  constexpr size_t kLongest = size_t{64} << 10;
  if (text.size() > kLongest) return fail("the filter is longer than " + std::to_string(kLongest) + " characters (column " + std::to_string(kLongest + 1) + ")");
  filter::LiteralStore store;
  filter::Compiler compiler(names.applications, store);
  const auto tokens = filter::tokenize(text, [&](std::string_view word) { return compiler.is_name(word); });
  if (!tokens) return tl::unexpected(tokens.error());
  filter::CompiledTest compiled;
  if (tokens->front().kind != filter::TokenKind::End) {
    const auto syntax = filter::parse_syntax(*tokens);
    if (!syntax) return tl::unexpected(syntax.error());
    auto made = compiler.compile(**syntax);
    if (!made) return tl::unexpected(made.error());
    compiled = std::move(*made);
  }
  return Filter(std::make_unique<Program>(std::string(text), std::move(store), std::move(compiled)));
}

bool Filter::matches(const Frame& frame) noexcept { return program_->evaluator.run(program_->test, frame); }
const Needs& Filter::needs() const noexcept { return program_->needs; }
const std::string& Filter::text() const noexcept { return program_->text; }

}  // namespace wirewatch
