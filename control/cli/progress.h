// SPDX-License-Identifier: BSD-3-Clause
// One line on standard error while a long run lasts: how many packets, how fast, how far, how much longer.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "control/replay/inspect.h"

namespace wirewatch {

/// The line for what was reached after `elapsed`; at most `width` columns.
std::string progress_line(const InspectProgress& reached, std::chrono::nanoseconds elapsed, size_t width);

/// Shows nothing during the first second and draws at most five times a second; the line is gone when this
/// is.
class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  ProgressLine() : started_(Clock::now()), drawn_(started_) {}
  ~ProgressLine() { erase(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const InspectProgress& reached);

 private:
  void erase();

  Clock::time_point started_;
  Clock::time_point drawn_;
  bool visible_ = false;
};

}  // namespace wirewatch
