// SPDX-License-Identifier: BSD-3-Clause
// A packet brings its own time: signed nanoseconds since the Unix epoch, whichever clock or file it came from.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace wirewatch {

inline constexpr int64_t kMillisecond_ns = 1'000'000, kSecond_ns = 1'000 * kMillisecond_ns;

struct Timestamp {
  int64_t ns = 0;

  friend constexpr auto operator<=>(Timestamp, Timestamp) noexcept = default;

  /// Nanoseconds from `earlier` to this one; saturates instead of overflowing, since captures may claim any time.
  constexpr int64_t since(Timestamp earlier) const noexcept {
    int64_t difference = 0;
    if (__builtin_sub_overflow(ns, earlier.ns, &difference)) {
      return ns < earlier.ns ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
    }
    return difference;
  }
};

/// For a packet without a time of its own (a pcapng Simple Packet Block).
inline constexpr Timestamp kNoTimestamp{std::numeric_limits<int64_t>::min()};

}  // namespace wirewatch
