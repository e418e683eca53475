// SPDX-License-Identifier: BSD-3-Clause
// Rates over the last seconds, out of counters that are looked at once a second.
#pragma once

#include <cstdint>
#include <deque>

#include "control/api/live_data.h"

namespace wirewatch {

class RateMeter {
 public:
  static constexpr int64_t kOver_ns = 5'000'000'000;

  void observe(int64_t now_ns, const Traffic& traffic, uint64_t handshakes);
  /// Counters began anew.
  void restart() { samples_.clear(); }
  RatesView rates() const noexcept;

 private:
  struct Sample {
    int64_t at_ns;
    Traffic traffic;
    uint64_t handshakes;
  };
  std::deque<Sample> samples_;
};

}  // namespace wirewatch
