// SPDX-License-Identifier: BSD-3-Clause
// How long a worker rests when it finds nothing: not at all for a moment, since the next packet is likely near, then
// longer and longer. The longest rest is the time it may take to wake.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/app/config.h"

namespace wirewatch {

class IdlePolicy {
 public:
  static constexpr unsigned kSpinRounds = 2'000;  // about 0.1 ms of empty polls
  static constexpr unsigned kShortest_us = 10;    // the shortest that is worth a system call

  IdlePolicy(IdleMode mode, unsigned longest_us) noexcept : mode_(mode), longest_us_(longest_us) {}

  /// After a round; microseconds to rest, 0 for none.
  unsigned rest_us(bool idle) noexcept {
    if (!idle || mode_ == IdleMode::Spin) {
      empty_rounds_ = 0;
      next_us_ = kShortest_us;
      return 0;
    }
    if (empty_rounds_ < kSpinRounds) {
      ++empty_rounds_;
      return 0;
    }
    const unsigned rest = std::min(next_us_, longest_us_);
    next_us_ = std::min(next_us_ * 2, longest_us_);
    return rest;
  }

 private:
  IdleMode mode_;
  unsigned longest_us_;
  unsigned empty_rounds_ = 0;
  unsigned next_us_ = kShortest_us;
};

}  // namespace wirewatch
