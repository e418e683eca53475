// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/pattern.h"

#include <pcre2.h>

#include <array>
#include <string>

namespace wirewatch::filter {
namespace {

template <auto Free>
struct Freed {
  void operator()(auto* pointer) const noexcept { Free(pointer); }
};

constexpr uint32_t kMostSteps = 200'000;  // a few milliseconds at worst
constexpr uint32_t kMostHeapKib = 1024;
constexpr size_t kLongestExpression = 4096;

}  // namespace

struct Pattern::Memory {
  std::unique_ptr<pcre2_code, Freed<pcre2_code_free>> code;
  std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>> data;
  std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>> context;
};

Pattern::Pattern(std::unique_ptr<Memory> memory) noexcept : memory_(std::move(memory)) {}
Pattern::~Pattern() = default;

Result<std::shared_ptr<Pattern>> Pattern::compile(std::string_view expression) {
  if (expression.size() > kLongestExpression) return fail("the expression is longer than " + std::to_string(kLongestExpression) + " bytes");
  int number = 0;
  PCRE2_SIZE offset = 0;
  auto memory = std::make_unique<Memory>();
  memory->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                                   PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C, &number, &offset, nullptr));
  if (memory->code == nullptr) {
    std::array<PCRE2_UCHAR, 256> words{};
    pcre2_get_error_message(number, words.data(), words.size());
    return fail(std::string(reinterpret_cast<const char*>(words.data())) + " at its character " + std::to_string(offset + 1));
  }
  pcre2_jit_compile(memory->code.get(), PCRE2_JIT_COMPLETE);  // without it the interpreter runs, at the same answer
  memory->data.reset(pcre2_match_data_create_from_pattern(memory->code.get(), nullptr));
  memory->context.reset(pcre2_match_context_create(nullptr));
  if (memory->data == nullptr || memory->context == nullptr) return fail("no memory for the expression");
  pcre2_set_match_limit(memory->context.get(), kMostSteps);
  pcre2_set_depth_limit(memory->context.get(), kMostSteps);
  pcre2_set_heap_limit(memory->context.get(), kMostHeapKib);
  return std::shared_ptr<Pattern>(new Pattern(std::move(memory)));
}

bool Pattern::found_in(std::span<const uint8_t> bytes) noexcept {
  static constexpr uint8_t kNothing = 0;  // PCRE2 wants an address even for no bytes
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(bytes.empty() ? &kNothing : bytes.data());
  return pcre2_match(memory_->code.get(), subject, bytes.size(), 0, 0, memory_->data.get(), memory_->context.get()) >= 0;
}

}  // namespace wirewatch::filter
