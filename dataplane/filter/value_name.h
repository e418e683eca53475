// SPDX-License-Identifier: BSD-3-Clause
// Names of numbers that filters may use in place of the numbers, as in `ip.proto == TCP` and `arp.opcode == "request"`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/filter/field_table.h"

namespace wirewatch::filter {

/// Case does not matter, as in Wireshark.
std::optional<uint64_t> number_of_name(FieldId field, std::string_view name);
/// The names a field knows, for an error; empty when it knows none.
std::string names_of(FieldId field);

}  // namespace wirewatch::filter
