// SPDX-License-Identifier: BSD-3-Clause
// The time that flows age by: packet time, but no single packet may end every flow with a time far ahead, and none may
// stop ageing with one. A jump counts only once the times that follow agree with it.
#pragma once

#include <cstdint>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

class AgeingClock {
 public:
  /// What lies within this of the time so far is believed at once.
  static constexpr int64_t kBelieved_ns = 10'000'000'000;
  /// So many times in a row must agree on a jump.
  static constexpr unsigned kWitnesses = 32;

  /// The time after having been told `time`. Goes back only by a jump that is agreed on.
  Timestamp observe(Timestamp time) noexcept {
    if (time == kNoTimestamp) return now_;
    if (now_ == kNoTimestamp) return now_ = time;
    if (near(time, now_)) {
      witnesses_ = 0;
      if (time > now_) now_ = time;
      return now_;
    }
    witnesses_ = witnesses_ > 0 && near(time, claimed_) ? witnesses_ + 1 : 1;
    claimed_ = time;
    if (witnesses_ >= kWitnesses) {
      now_ = time;
      witnesses_ = 0;
      ++jumps_;
    }
    return now_;
  }
  /// kNoTimestamp before the first.
  Timestamp now() const noexcept { return now_; }
  uint64_t jumps() const noexcept { return jumps_; }

 private:
  static bool near(Timestamp a, Timestamp b) noexcept {
    const int64_t distance = a.since(b);
    return distance >= -kBelieved_ns && distance <= kBelieved_ns;
  }

  Timestamp now_ = kNoTimestamp;
  Timestamp claimed_{};
  unsigned witnesses_ = 0;
  uint64_t jumps_ = 0;
};

}  // namespace wirewatch
