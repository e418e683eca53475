// SPDX-License-Identifier: BSD-3-Clause
// A regular expression of `matches`: PCRE2, compiled to machine code where it can be, with all memory from the start.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch::filter {

class Pattern {
 public:
  /// The error is PCRE2's own words with the place in the expression. Case does not matter, as in Wireshark.
  static Result<std::shared_ptr<Pattern>> compile(std::string_view expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// False as well when the expression takes more steps than a packet is worth.
  bool found_in(std::span<const uint8_t> bytes) noexcept;

 private:
  struct Memory;
  explicit Pattern(std::unique_ptr<Memory> memory) noexcept;
  std::unique_ptr<Memory> memory_;
};

}  // namespace wirewatch::filter
