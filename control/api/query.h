// SPDX-License-Identifier: BSD-3-Clause
// The query of a request: which parameters an endpoint takes, and what a stranger's text says. Everything that is not
// declared is refused with the nearest name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

struct Parameter {
  std::string_view name;
  std::string_view description;
  std::string_view usual;                         // the value when it is not given; empty when there is none
  std::optional<std::pair<uint64_t, uint64_t>> range{};  // a whole number, when given
  std::vector<std::string_view> choices{};        // one of these, when not empty; otherwise any text
};

/// The values of declared parameters, each checked against its declaration.
class Query {
 public:
  /// `text` is what stands behind the question mark, still encoded.
  static Result<Query> parse(std::string_view text, std::span<const Parameter> declared);

  /// The text as given, else the usual one; `name` is a declared one.
  std::string_view text(std::string_view name) const noexcept;
  std::optional<uint64_t> number(std::string_view name) const noexcept;

 private:
  struct Value {
    std::string_view name;
    std::string text;
  };
  std::vector<Value> values_;
};

/// Turns %XX into bytes; fails on what is no such code. A plus sign is a space in queries (HTML forms).
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace wirewatch
