// SPDX-License-Identifier: BSD-3-Clause
// UTC from the processor's counter, calibrated and anchored anew by us: rte_get_tsc_hz() is rounded to 10 MHz, which was
// 1.5 ms of error a second where it was measured. One thread calls reanchor(), any thread reads.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/source/clock_tracker.h"
#include "dataplane/source/clock_watch.h"
#include "dataplane/source/kernel_clock.h"
#include "dataplane/source/tick_counter.h"

namespace wirewatch {

class TscClock {
 public:
  /// Takes about 30 ms to calibrate.
  TscClock();

  /// A few times a second, from the main thread.
  void reanchor();
  /// That in two parts, the clocks being read in between.
  struct Readings {
    ClockSample even;  // the counter against CLOCK_MONOTONIC_RAW
    ClockSample utc;   // against CLOCK_REALTIME
    bool was_set = false;
  };
  void begin_reading() noexcept { watch_.begin_reading(); }
  void follow(const Readings& readings);

  /// Nanoseconds since the Unix epoch. Never goes back, except when the system's clock is stepped.
  int64_t now_ns() const noexcept { return map_.load().to_ns(read_ticks()); }
  const SharedClockMap& map() const noexcept { return map_; }

  ClockState state() const noexcept { return utc_.state(); }
  /// How far now_ns() may be from CLOCK_REALTIME.
  int64_t error_ns() const noexcept { return utc_.error_ns(); }
  double ns_per_tick() const noexcept { return utc_.ns_per_tick(); }
  /// Of the system's clock, by which the kernel stamps.
  const ClockWatch& watch() const noexcept { return watch_; }
  /// "steady", or what happened.
  std::string describe() const;

 private:
  ClockTracker utc_{500};  // against CLOCK_REALTIME, which NTP may slew
  ClockTracker raw_{20};   // against CLOCK_MONOTONIC_RAW, which nobody touches: tells whose fault a step is
  SharedClockMap map_;
  SetNotice set_;
  ClockWatch watch_;
};

}  // namespace wirewatch
