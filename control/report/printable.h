// SPDX-License-Identifier: BSD-3-Clause
// Text from captures on its way to a terminal: nothing in it may move the cursor, change colours or break a
// table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wirewatch {

/// Replaces control characters, bidirectional overrides, invisible characters and bytes that are not UTF-8 by
/// "\xNN"; without `utf8` every byte beyond ASCII as well.
std::string printable(std::string_view text, bool utf8);

/// Columns that a printable text takes on a terminal.
size_t display_width(std::string_view text) noexcept;

/// Where text gives way: its end; its middle (addresses, whose two ends tell them apart); whole items of a
/// list.
enum class Shorten : unsigned char { End, Middle, Items };

/// A printable text cut to at most `width` columns (one or more), with an ellipsis where something is
/// missing. A list is cut after a comma, so that no item looks like another.
std::string shortened(std::string_view text, size_t width, Shorten where, bool utf8);

/// As much of the start of a printable text as fits into `width` columns, in bytes.
size_t bytes_within(std::string_view text, size_t width) noexcept;

}  // namespace wirewatch
