// SPDX-License-Identifier: BSD-3-Clause
// The kernel's clocks as timestamps: UTC for AF_PACKET, and TAI, which is what an XDP program can read, turned into UTC.
#pragma once

#include <cstdint>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

/// CLOCK_REALTIME: UTC as the kernel has it.
Timestamp utc_now() noexcept;

/// Notices that the system's clock was set, by however little: CLOCK_MONOTONIC is slewed alike but never set, so that the
/// two stay apart by the same. Pure: it reads no clock itself.
class SetNotice {
 public:
  /// CLOCK_REALTIME as read between two readings of CLOCK_MONOTONIC. Whether it was set since the time before.
  bool observe(int64_t before_ns, int64_t utc_ns, int64_t after_ns) noexcept {
    const int64_t least = utc_ns - after_ns, most = utc_ns - before_ns;
    const bool set = known_ && (least > most_ || most < least_);
    least_ = least, most_ = most, known_ = true;
    return set;
  }
  /// Reads both, as closely as it can in a few tries.
  bool look() noexcept;

 private:
  int64_t least_ = 0, most_ = 0;  // what UTC is ahead by
  bool known_ = false;
};

/// What the kernel itself states about CLOCK_REALTIME (adjtimex): the largest error that NTP accounts for, in
/// nanoseconds. TimestampProperties::kUnknownError while nothing disciplines the clock.
int64_t utc_error_ns() noexcept;

/// TAI is ahead of UTC by whole leap seconds: 37 since 2017 once something (chrony, ptp4l) has told the kernel, and 0
/// before, when CLOCK_TAI runs with UTC. Both happen, and one can turn into the other while we run.
class TaiOffset {
 public:
  TaiOffset() noexcept { refresh(); }

  /// Asks the kernel again; true when the offset is another than before. For the edge and the idle loop.
  bool refresh() noexcept;

  int64_t seconds() const noexcept { return seconds_; }
  Timestamp to_utc(uint64_t tai_ns) const noexcept {
    return {static_cast<int64_t>(tai_ns) - seconds_ * 1'000'000'000};
  }

 private:
  int64_t seconds_ = 0;
};

/// The whole seconds between two readings of TAI and UTC taken right after another.
constexpr int64_t whole_seconds_between(int64_t tai_ns, int64_t utc_ns) noexcept {
  const int64_t difference = tai_ns - utc_ns;
  return (difference + (difference < 0 ? -kSecond_ns / 2 : kSecond_ns / 2)) / kSecond_ns;
}

}  // namespace wirewatch
