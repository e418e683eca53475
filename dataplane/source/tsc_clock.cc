// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/tsc_clock.h"

#include <time.h>

#include <cmath>

namespace wirewatch {
namespace {

/// The best of a few readings of the counter around the system's clock. `ns_per_tick` 0 when it is not known yet.
ClockSample read_both(clockid_t clock, double ns_per_tick) {
  constexpr int kTries = 7;
  ClockSample best;
  uint64_t narrowest = UINT64_MAX;
  for (int i = 0; i < kTries; ++i) {
    timespec time{};
    const uint64_t before = read_ticks();
    ::clock_gettime(clock, &time);
    const uint64_t after = read_ticks();
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    best.raw = before + narrowest / 2;
    best.reference_ns = int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  const double nanoseconds = ns_per_tick > 0 ? ns_per_tick : 1.0;  // no counter in use is slower than 1 GHz by much
  best.uncertainty_ns = static_cast<int64_t>(std::ceil(static_cast<double>(narrowest) / 2 * nanoseconds));
  return best;
}

}  // namespace

TscClock::TscClock() {
  constexpr int kFirst = 6;
  const timespec pause{0, 6'000'000};
  for (int i = 0; i < kFirst; ++i) {
    if (i > 0) ::nanosleep(&pause, nullptr);
    reanchor();
  }
}

void TscClock::reanchor() {
  begin_reading();
  const double ns_per_tick = raw_.ns_per_tick();
  follow({read_both(CLOCK_MONOTONIC_RAW, ns_per_tick), read_both(CLOCK_REALTIME, ns_per_tick), set_.look()});
}

void TscClock::follow(const Readings& readings) {
  raw_.add(readings.even);
  utc_.add(readings.utc);
  map_.store(utc_.map());
  watch_.observe(!readings.was_set && utc_.state() == ClockState::Steady, Timestamp{utc_.map().to_ns(readings.utc.raw)});
}

std::string TscClock::describe() const {
  if (raw_.state() == ClockState::Stepping) return "the processor's counter jumps; durations are not to be trusted now";
  switch (utc_.state()) {
    case ClockState::Settling:
      return "settling";
    case ClockState::Stepping:
      return "the system's clock was stepped by " + std::to_string(utc_.last_step_ns() / 1'000) +
             " us; times across the step are wrong";
    case ClockState::Steady:
      break;
  }
  return "steady";
}

}  // namespace wirewatch
