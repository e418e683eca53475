// SPDX-License-Identifier: BSD-3-Clause
// Letters and digits of ASCII, whatever the locale says: for text of protocols. Function objects, for characters and bytes.
#pragma once

namespace wirewatch {

inline constexpr auto is_digit = [](auto c) noexcept { return c >= '0' && c <= '9'; };
inline constexpr auto lower = [](auto c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<decltype(c)>(c + 32) : c; };
inline constexpr auto upper = [](auto c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<decltype(c)>(c - 32) : c; };

}  // namespace wirewatch
