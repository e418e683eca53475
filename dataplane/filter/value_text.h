// SPDX-License-Identifier: BSD-3-Clause
// Values as tshark prints them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "dataplane/filter/field_spec.h"
#include "dataplane/filter/value.h"

namespace wirewatch::filter {

/// Room that write_text() needs at most.
size_t text_length(FieldType type, const Value& value) noexcept;
/// Writes into `room` and returns how many bytes; numbers in `base`, hexadecimal ones as wide as their type.
size_t write_text(FieldType type, Base base, const Value& value, std::span<uint8_t> room) noexcept;

/// "Nov 22, 2026 20:53:30.944044000 UTC" in the local time zone.
std::string absolute_time_text(int64_t ns);

}  // namespace wirewatch::filter
