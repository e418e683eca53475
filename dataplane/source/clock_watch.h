// SPDX-License-Identifier: BSD-3-Clause
// Whether the times of a clock can be compared with one another. A clock that is stepped, switched or still being measured
// gives wrong durations across that moment, and that shows only when it is read the next time: whoever has a duration keeps
// it until the clock has been read after its end, and asks then whether nothing happened since its beginning.
//
// Why that is enough: a step lies between two readings. Of a duration that it lies in, the first of them that comes after
// the step comes after its beginning, and no later than the first that begins after its end. It calls the clock unsteady,
// which counts as a break, so that the duration began before a break and was asked about after it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

/// One thread reads the clock, any may doubt and ask; nobody waits. At first everything is believed.
class ClockWatch {
 public:
  /// A few times a second, from the thread that follows the clock: before it is read, or what is made of it changes.
  void begin_reading() noexcept { begun_.fetch_add(1, std::memory_order_seq_cst); }
  /// What came of that reading. `now` is a time of that clock.
  void observe(bool steady, Timestamp now) noexcept {
    const bool doubted = doubted_.exchange(false, std::memory_order_acq_rel);
    if (!steady || doubted) {
      since_ns_.store(kNotNow, std::memory_order_release);
      breaks_.fetch_add(1, std::memory_order_release);
    } else if (since_ns_.load(std::memory_order_relaxed) == kNotNow) {
      since_ns_.store(now.ns, std::memory_order_release);
      breaks_.fetch_add(1, std::memory_order_release);
      if (doubted_.load(std::memory_order_acquire)) since_ns_.store(kNotNow, std::memory_order_release);
    }
    finished_.store(begun_.load(std::memory_order_relaxed), std::memory_order_release);
  }
  /// Something is wrong, as a stamp from the future shows: nothing is believed until the next but one observe() at least.
  void doubt() noexcept {
    doubted_.store(true, std::memory_order_release);
    since_ns_.store(kNotNow, std::memory_order_release);
    breaks_.fetch_add(1, std::memory_order_release);
  }

  /// How many readings have begun. What was stamped by now, none of them vouches for.
  uint32_t readings_begun() const noexcept { return begun_.load(std::memory_order_seq_cst); }
  /// How many readings there are to vouch for what was stamped when `begun` had begun.
  uint32_t readings_since(uint32_t begun) const noexcept {
    const auto more = static_cast<int32_t>(finished_.load(std::memory_order_acquire) - begun);
    return more > 0 ? static_cast<uint32_t>(more) : 0;
  }
  /// How many moments there were that no duration may lie across.
  uint32_t breaks() const noexcept { return breaks_.load(std::memory_order_acquire); }
  /// Does a duration that began at `time` and ends now lie within one steady time?
  bool holds_for(Timestamp time) const noexcept { return time.ns >= since_ns_.load(std::memory_order_acquire); }

 private:
  static constexpr int64_t kNotNow = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> since_ns_{std::numeric_limits<int64_t>::min()};
  std::atomic<bool> doubted_{false};
  std::atomic<uint32_t> begun_{0}, finished_{0};
  std::atomic<uint32_t> breaks_{0};
};

/// The clocks that a worker's packets are stamped by, as one. None for a capture's own times.
class ClockWatches {
 public:
  static constexpr size_t kMost = 4;  // the system's and the NIC's, of both halves of a pair
  using Readings = std::array<uint32_t, kMost>;

  /// `watch` outlives this. Null, and one that is there already, changes nothing.
  void add(const ClockWatch* watch) noexcept {
    const auto end = watches_.begin() + static_cast<ptrdiff_t>(count_);
    if (watch != nullptr && count_ < kMost && std::find(watches_.begin(), end, watch) == end) watches_[count_++] = watch;
  }
  bool none() const noexcept { return count_ == 0; }
  Readings readings_begun() const noexcept {
    Readings begun{};
    for (size_t i = 0; i < count_; ++i) begun[i] = watches_[i]->readings_begun();
    return begun;
  }
  /// Of the clock that was read least.
  uint32_t readings_since(const Readings& begun) const noexcept {
    uint32_t least = std::numeric_limits<uint32_t>::max();
    for (size_t i = 0; i < count_; ++i) least = std::min(least, watches_[i]->readings_since(begun[i]));
    return least;
  }
  /// Changes with every break of any of them; its low bits do for durations under an hour.
  uint16_t epoch() const noexcept {
    uint32_t sum = 0;
    for (size_t i = 0; i < count_; ++i) sum += watches_[i]->breaks();
    return static_cast<uint16_t>(sum);
  }
  bool hold_for(Timestamp time) const noexcept {
    return std::all_of(watches_.begin(), watches_.begin() + static_cast<ptrdiff_t>(count_),
                       [&](const ClockWatch* watch) { return watch->holds_for(time); });
  }

 private:
  std::array<const ClockWatch*, kMost> watches_{};
  size_t count_ = 0;
};

}  // namespace wirewatch
