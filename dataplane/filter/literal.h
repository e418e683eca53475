// SPDX-License-Identifier: BSD-3-Clause
// What a value written in a filter means for a field of a type: 80, 0x50, 10.0.0.0/8, 00:11:22, "Nov 22, 2026 20:53:40".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/filter/field_table.h"
#include "dataplane/filter/syntax.h"
#include "dataplane/filter/value.h"

namespace wirewatch::filter {

/// Bytes that values point to; lives as long as the compiled filter.
class LiteralStore {
 public:
  std::span<const uint8_t> keep(std::vector<uint8_t> bytes) {
    return kept_.emplace_back(std::move(bytes));
  }

 private:
  std::deque<std::vector<uint8_t>> kept_;  // a deque does not move what it holds
};

/// `field` names the values of the field it is compared with, where they have names ("TCP", "request", "Set").
Result<Value> parse_literal(const SyntaxNode& node, FieldType type, std::optional<FieldId> field, LiteralStore& store);

/// Bytes in hexadecimal, with or without ':', '-' or '.' between them; nullopt when it is none.
std::optional<std::vector<uint8_t>> parse_bytes(std::string_view text);

/// Date and time as tshark reads them, in the local time zone unless one is given; nanoseconds since 1970.
std::optional<int64_t> parse_absolute_time(std::string_view text);

}  // namespace wirewatch::filter
