// SPDX-License-Identifier: BSD-3-Clause
// Since when the times of a clock can be compared with one another. A clock that is stepped, switched or still being
// measured gives wrong durations across that moment; whoever has a duration asks whether it began after it.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

/// One thread observes, any may doubt and ask; nobody waits. At first everything is believed.
class SteadySince {
 public:
  /// A few times a second, from the thread that follows the clock. `now` is a time of that clock.
  void observe(bool steady, Timestamp now) noexcept {
    const bool doubted = doubted_.exchange(false, std::memory_order_acq_rel);
    if (!steady || doubted) {
      since_ns_.store(kNotNow, std::memory_order_release);
    } else if (since_ns_.load(std::memory_order_relaxed) == kNotNow) {
      since_ns_.store(now.ns, std::memory_order_release);
      if (doubted_.load(std::memory_order_acquire)) since_ns_.store(kNotNow, std::memory_order_release);
    }
  }
  /// Something is wrong, as a stamp from the future shows: nothing is believed until the next but one observe() at least.
  void doubt() noexcept {
    doubted_.store(true, std::memory_order_release);
    since_ns_.store(kNotNow, std::memory_order_release);
  }
  /// Does a duration that began at `time` and ends now lie within one steady time?
  bool holds_for(Timestamp time) const noexcept { return time.ns >= since_ns_.load(std::memory_order_acquire); }

 private:
  static constexpr int64_t kNotNow = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> since_ns_{std::numeric_limits<int64_t>::min()};
  std::atomic<bool> doubted_{false};
};

}  // namespace wirewatch
