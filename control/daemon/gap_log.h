// SPDX-License-Identifier: BSD-3-Clause
// The times in which nobody counted packets: from the last counters that a data plane published to the start of the next.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/api/live_data.h"

namespace wirewatch {

class GapLog {
 public:
  static constexpr size_t kMost = 1000;

  /// The data plane was lost, whose counters are from `counted_until`.
  void begin(Timestamp counted_until, std::string reason);
  /// More is known of why; the socket closes before the process can be waited for.
  void explain(std::string reason);
  /// The same data plane was there all along: only the connection was lost.
  void never_mind();
  void end(Timestamp counting_since);

  const std::vector<Gap>& gaps() const noexcept { return gaps_; }
  bool open() const noexcept { return !gaps_.empty() && !gaps_.back().to; }

 private:
  std::vector<Gap> gaps_;  // oldest first; the oldest gives way
};

}  // namespace wirewatch
