// SPDX-License-Identifier: BSD-3-Clause
// Follows a counter against a reference clock from pairs of readings: its rate by least squares, its offset without jumps
// while the two stay together, and a plain word when one of them has been stepped. Pure: it reads no clock itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "dataplane/source/clock_map.h"

namespace wirewatch {

/// Both clocks at one moment, as closely as they could be read together.
struct ClockSample {
  uint64_t raw = 0;
  int64_t reference_ns = 0;
  int64_t uncertainty_ns = 0;  // half the time that reading them took
};

enum class ClockState : uint8_t {
  Settling,  // too few samples for a rate
  Steady,
  Stepping,  // one of the clocks has jumped; durations across the jump are wrong
};

/// How far a sample may be from the line before it is called a step.
struct StepTolerance {
  double rate_change_ppm;     // how much faster or slower one clock may become between two samples
  double uncertainties = 3;   // of the sample, as multiples
  double errors = 2;          // of the line
  int64_t noise_ns = 1'000;   // deviations below this are never called a step
};

class ClockTracker {
 public:
  /// Wide: `most_rate_change_ppm` is 500 for a system clock that NTP disciplines, 20 for two free-running crystals.
  explicit ClockTracker(double most_rate_change_ppm) : ClockTracker(StepTolerance{most_rate_change_ppm}) {}
  explicit ClockTracker(const StepTolerance& tolerance) : tolerance_(tolerance) {}

  /// Samples come in the order of time, a few a second.
  void add(const ClockSample& sample);
  /// Somebody else knows of a step: only the rate is kept, until enough samples agree again.
  void begin_anew();

  const ClockMap& map() const noexcept { return map_; }
  ClockState state() const noexcept { return state_; }
  double ns_per_tick() const noexcept { return ns_per_tick_; }
  /// How far map() may be from the reference, as far as the samples can tell.
  int64_t error_ns() const noexcept { return error_ns_; }
  uint64_t steps() const noexcept { return steps_; }
  /// Of the latest step: what the reference gained on the counter.
  int64_t last_step_ns() const noexcept { return last_step_ns_; }

 private:
  struct Line {
    double ns_per_tick;
    double offset_ns;  // at the latest sample, from its reference_ns
    double worst_residual_ns;
  };
  bool jumped(const ClockSample& sample) const noexcept;
  void restart_at(const ClockSample& sample);
  Line fit() const noexcept;
  void renew_map();

  StepTolerance tolerance_;
  std::deque<ClockSample> samples_;
  std::optional<ClockSample> suspect_;  // off the line; the next sample tells a step from a bad reading
  ClockMap map_;
  ClockState state_ = ClockState::Settling;
  double ns_per_tick_ = 0;  // 0 until two samples are far enough apart
  bool rate_known_ = false;  // measured over enough samples, once
  int64_t error_ns_ = 0;
  uint64_t steps_ = 0;
  int64_t last_step_ns_ = 0;
  size_t since_step_ = 0;
};

}  // namespace wirewatch
