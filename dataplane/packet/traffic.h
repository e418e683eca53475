// SPDX-License-Identifier: BSD-3-Clause
// Frames and their bytes on the wire: the unit of every table.
#pragma once

#include <compare>
#include <cstdint>

namespace wirewatch {

struct Traffic {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // original frame lengths, not captured ones

  Traffic& operator+=(const Traffic& other) noexcept {
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
  friend auto operator<=>(const Traffic&, const Traffic&) noexcept = default;
};

}  // namespace wirewatch
