// SPDX-License-Identifier: BSD-3-Clause
// One interface of a pcapng section: its link type, and how its 64-bit time stamps become nanoseconds.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "dataplane/base/timestamp.h"
#include "dataplane/capture/capture_summary.h"

namespace wirewatch {

struct PcapNgInterface {
  uint16_t link_type = 1;
  uint16_t number = 0;           // over all sections, held at 65535
  bool had_packets = false;
  uint32_t snapshot_length = 0;  // 0: none
  uint64_t multiplier = 1000;    // ns a unit when a unit is a whole number of them, otherwise 0
  uint8_t resolution = 6;        // if_tsresol: 10^-n, or 2^-(n-128) with the top bit set
  int64_t offset_s = 0;          // if_tsoffset
  int64_t offset_ns = 0;         // the same, when it fits
  bool offset_fits = true;       // false: the offset alone is beyond what nanoseconds since 1970 can say

  /// kNoTimestamp when nanoseconds since 1970 cannot express the time.
  Timestamp to_time(uint64_t units) const noexcept {
    uint64_t ns = 0;
    int64_t sum = 0;
    if (multiplier != 0 && !__builtin_mul_overflow(units, multiplier, &ns) &&
        !__builtin_add_overflow(ns, offset_ns, &sum) && offset_fits) [[likely]] {
      return {sum};
    }
    return to_time_slowly(units);
  }
  /// The whole seconds and the rest of a time that to_time() cannot express.
  WideTime to_wide_time(uint64_t units) const noexcept;
  void set_resolution(uint8_t if_tsresol) noexcept;
  void set_offset(int64_t seconds) noexcept;
  /// What one unit is in nanoseconds, rounded up.
  int64_t resolution_ns() const noexcept;

 private:
  __extension__ typedef __int128 Wide;
  Wide to_wide_ns(uint64_t units) const noexcept;
  Timestamp to_time_slowly(uint64_t units) const noexcept;
};

/// The options of an Interface Description Block that matter here. False when an option does not fit the bytes; what
/// stood before it is taken.
bool read_interface_options(std::span<const uint8_t> options, std::endian order, PcapNgInterface& interface) noexcept;

}  // namespace wirewatch
