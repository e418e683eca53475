// SPDX-License-Identifier: BSD-3-Clause
// Decoding UTF-8 that came from strangers: host names and paths may hold any bytes at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wirewatch {

struct CodePoint {
  uint32_t value = 0;
  size_t length = 0;  // bytes; 0 when the bytes are not UTF-8 (RFC 3629: shortest form, no surrogates)
};

/// The first code point of a text that is not empty.
constexpr CodePoint decode_utf8(std::string_view text) noexcept {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                        : (lead & 0xf0) == 0xe0        ? 3
                        : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                       : 0;
  if (length == 0 || text.size() < length) return {};
  uint32_t value = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return {};
  return {value, length};
}

}  // namespace wirewatch
