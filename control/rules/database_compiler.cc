// SPDX-License-Identifier: BSD-3-Clause
// Hyperscan may compile in several threads at once, and the same expressions give the same bytes each time.
#include "control/rules/database_compiler.h"

#include <hs.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>

#include "control/rules/regex_head.h"
#include "control/rules/regex_lint.h"

namespace wirewatch {
namespace {

struct FreeError {
  void operator()(hs_compile_error_t* error) const noexcept { hs_free_compile_error(error); }
};
struct Free {
  void operator()(char* bytes) const noexcept { std::free(bytes); }
};

Result<HyperscanDatabase> compile(const LinkedRules& rules, const std::vector<std::string>& texts,
                                  const std::vector<unsigned int>& ids) {
  if (texts.empty()) return HyperscanDatabase{};
  std::vector<const char*> expressions;
  for (const std::string& text : texts) expressions.push_back(text.c_str());
  const std::vector<unsigned int> flags(texts.size(), regex_flags());
  hs_database_t* database = nullptr;
  hs_compile_error_t* raw_error = nullptr;
  const auto status = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                       static_cast<unsigned int>(expressions.size()), HS_MODE_BLOCK, nullptr,
                                       &database, &raw_error);
  if (status == HS_SUCCESS) return HyperscanDatabase(database);
  const std::unique_ptr<hs_compile_error_t, FreeError> error(raw_error);
  const std::string why = error ? error->message : "no reason given";
  if (!error || error->expression < 0) return fail("Hyperscan cannot compile the rules: " + why);
  const size_t index = ids[static_cast<size_t>(error->expression)];
  return fail(rules.expression_positions[index].to_string() + ": Hyperscan refuses this regex: " + why);
}

}  // namespace

void FreeHyperscanDatabase::operator()(hs_database* database) const noexcept { hs_free_database(database); }

bool belongs_to(const Signature& signature, SharedDatabase which) {
  return (signature.transports & (which == SharedDatabase::Udp ? kUdpBit : kTcpBit | kSctpBit)) != 0;
}

Result<HyperscanDatabase> compile_shared(const LinkedRules& rules, SharedDatabase which, size_t without) {
  std::vector<std::string> expressions;
  std::vector<unsigned int> ids;
  for (size_t i = 1; i < rules.expressions.size(); ++i) {
    const Signature& signature = rules.content.signatures[i];
    if (i == without || signature.by_port != 0 || !belongs_to(signature, which)) continue;
    expressions.push_back(regex_head(rules.expressions[i]));
    ids.push_back(static_cast<unsigned int>(i));
  }
  return compile(rules, expressions, ids);
}

Result<HyperscanDatabase> compile_alone(const LinkedRules& rules, size_t signature) {
  return compile(rules, {rules.expressions[signature]}, {static_cast<unsigned int>(signature)});
}

bool needs_own_database(const LinkedRules& rules, size_t signature) {
  const std::string& expression = rules.expressions[signature];
  return rules.content.signatures[signature].by_port != 0 || regex_head(expression) != expression;
}

Result<std::vector<OwnDatabase>> compile_own(const LinkedRules& rules) {
  constexpr unsigned kMostThreads = 8;
  std::vector<size_t> wanted;
  for (size_t i = 1; i < rules.expressions.size(); ++i) {
    if (needs_own_database(rules, i)) wanted.push_back(i);
  }
  std::vector<Result<std::vector<uint8_t>>> compiled(wanted.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < wanted.size(); i = next++) {
      const auto database = compile_alone(rules, wanted[i]);
      compiled[i] = database ? serialise(*database) : tl::unexpected(database.error());
    }
  };
  {
    std::vector<std::jthread> beside;
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
    for (unsigned i = 1; i < threads; ++i) beside.emplace_back(work);
    work();
  }
  std::vector<OwnDatabase> all;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!compiled[i]) return tl::unexpected(std::move(compiled[i].error()));
    all.push_back({static_cast<uint16_t>(wanted[i]), std::move(*compiled[i])});
  }
  return all;
}

Result<std::vector<uint8_t>> serialise(const HyperscanDatabase& database) {
  if (!database) return std::vector<uint8_t>{};
  char* raw = nullptr;
  size_t size = 0;
  if (hs_serialize_database(database.get(), &raw, &size) != HS_SUCCESS) {
    return fail("Hyperscan cannot serialise the compiled rules: out of memory");
  }
  const std::unique_ptr<char, Free> bytes(raw);
  return std::vector<uint8_t>(raw, raw + size);
}

size_t size_of(const HyperscanDatabase& database) {
  size_t size = 0;
  if (database) hs_database_size(database.get(), &size);
  return size;
}

}  // namespace wirewatch
