// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/kernel_clock.h"

#include <sys/timex.h>

#include <ctime>
#include <utility>

#include "dataplane/source/source.h"

namespace wirewatch {
namespace {

int64_t read_clock(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

Timestamp utc_now() noexcept { return {read_clock(CLOCK_REALTIME)}; }

bool SetNotice::look() noexcept {
  constexpr int kTries = 5;
  int64_t best_before = 0, best_utc = 0, best_after = INT64_MAX;
  for (int i = 0; i < kTries; ++i) {
    const int64_t before = read_clock(CLOCK_MONOTONIC), utc = read_clock(CLOCK_REALTIME), after = read_clock(CLOCK_MONOTONIC);
    if (after - before < best_after - best_before) best_before = before, best_utc = utc, best_after = after;
  }
  return observe(best_before - 1, best_utc, best_after + 1);  // each is rounded down
}

int64_t utc_error_ns() noexcept {
  timex state{};
  const int answer = adjtimex(&state);
  if (answer < 0 || answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0) return TimestampProperties::kUnknownError;
  return int64_t{state.maxerror} * 1000;
}

bool TaiOffset::refresh() noexcept {
  const int64_t seconds = whole_seconds_between(read_clock(CLOCK_TAI), read_clock(CLOCK_REALTIME));
  return std::exchange(seconds_, seconds) != seconds;
}

}  // namespace wirewatch
