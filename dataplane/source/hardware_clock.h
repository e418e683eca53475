// SPDX-License-Identifier: BSD-3-Clause
// The clock that a NIC stamps packets with, as UTC. What its stamps mean differs by driver and firmware (nanoseconds of
// UTC or TAI, raw ticks), so it is judged by its first stamp against the system's clock, watched from then on, and
// refused with a reason when it is nonsense. No driver is known here.
//
// Queues stamp from many threads; one thread (the main one) maintains.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "dataplane/source/clock_tracker.h"
#include "dataplane/source/clock_watch.h"
#include "dataplane/source/tsc_clock.h"

namespace wirewatch {

enum class StampKind : uint8_t {
  None,      // no stamp has come yet
  Utc,       // nanoseconds since the Unix epoch
  Tai,       // the same, ahead by whole leap seconds
  Ticks,     // of a counter that can be read, and so followed
  AsGiven,   // taken for UTC without a look at the system's clock: a capture's own times, or by order
  Refused,
};

struct StampJudgement {
  StampKind kind = StampKind::Refused;
  int64_t correction_ns = 0;  // to add to the stamp
  std::string reason;         // why refused
};

/// What a stamp is that arrived at `now_ns`. `ticks_as_utc` is the same stamp by the line through the device's counter,
/// when that can be read; `tai_offset_s` the leap seconds in force.
StampJudgement judge_stamp(uint64_t stamp, int64_t now_ns, std::optional<int64_t> ticks_as_utc, int64_t tai_offset_s);

/// "1970-01-01 00:00:12": for sentences about stamps.
std::string utc_text(int64_t ns);

class HardwareClock {
 public:
  /// `as_given`: take stamps for UTC, unchecked, in units of so many nanoseconds. `tsc` outlives this object.
  HardwareClock(const TscClock& tsc, bool as_given, int64_t unit_ns = 1);

  // For the queues, from any thread.
  /// Whether stamps are to be used at the moment; a device whose stamps are refused or switched off is stamped by TSC.
  bool in_use() const noexcept { return in_use_.load(std::memory_order_relaxed); }
  ClockMap map() const noexcept { return map_.load(); }
  /// The first stamp decides. Called while kind() is None.
  void judge(uint64_t stamp, int64_t now_ns);
  StampKind kind() const noexcept { return kind_.load(std::memory_order_acquire); }
  /// Once a burst: how long ago the last stamp of it was, by the processor's clock.
  void observe_lag(int64_t lag_ns) noexcept {
    if (lag_ns < least_believable_lag_ns_.load(std::memory_order_relaxed)) watch_.doubt();
    if (lag_ns < least_lag_ns_.load(std::memory_order_relaxed)) least_lag_ns_.store(lag_ns, std::memory_order_relaxed);
  }

  // For the one thread that maintains, a few times a second.
  /// First of all.
  void begin_reading() noexcept { watch_.begin_reading(); }
  /// The device's counter read beside the processor's clock, when the device can be read: as UTC, which is disciplined, and
  /// as nanoseconds of a counter that nobody disciplines, which shows much smaller steps.
  void add_reading(const ClockSample& by_utc, const ClockSample& by_even_counter);
  void maintain() { maintain(tsc_.now_ns()); }
  void maintain(int64_t now_ns);
  void switch_to(bool use_hardware);

  ClockState state() const;
  /// Of the times that packets are given, whoever stamps them. Kept by maintain().
  const ClockWatch& watch() const noexcept { return watch_; }
  int64_t error_ns() const;
  std::string describe() const;
  double ns_per_tick() const;

 private:
  void apply_locked();
  void watch_lag(int64_t lag, int64_t now);
  ClockState state_locked() const;
  int64_t least_believable_lag_locked() const;

  const TscClock& tsc_;
  const bool as_given_;
  const int64_t unit_ns_;
  SharedClockMap map_;
  std::atomic<bool> in_use_{true};
  std::atomic<StampKind> kind_{StampKind::None};
  std::atomic<int64_t> least_lag_ns_{INT64_MAX};  // since the last maintain()
  std::atomic<int64_t> least_believable_lag_ns_{INT64_MIN};  // less, and the clock has been stepped
  ClockWatch watch_;

  mutable std::mutex mutex_;  // judging (once) against maintaining
  bool wanted_ = true;
  ClockTracker tracker_{20};
  ClockTracker even_;
  bool readable_ = false;
  uint64_t last_raw_ = 0;
  bool stands_still_ = false;
  int64_t correction_ns_ = 0;
  std::string reason_;
  std::optional<int64_t> usual_lag_ns_;  // the least lag seen in quiet times
  int64_t worst_lag_ns_ = 0;             // of the least lags: what the stamps may be off by
  int64_t step_ns_ = 0;
  unsigned stepping_for_ = 0;            // maintain() calls until it is called steady again
};

}  // namespace wirewatch
