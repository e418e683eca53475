// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/hardware_clock.h"

#include <sys/timex.h>
#include <time.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

constexpr int64_t kPlausible_ns = kSecond_ns;       // a clock nearer than this to the system's is meant to be the same time
constexpr int64_t kStep_ns = 2'000'000;          // of an unreadable clock: more than a stall between burst and reading
constexpr int64_t kReading_ns = 50'000;          // that a stamp of ticks may be ahead of the processor's clock, beside their errors
constexpr unsigned kSteppingFor = 4;             // maintain() calls, about a second
constexpr int64_t kUsualTaiOffset = 37;          // seconds, since 2017
// Of two crystals that nobody disciplines, with readings that are never off by more than they say: under a microsecond when
// those take 300 ns.
constexpr StepTolerance kEven{.rate_change_ppm = 1, .uncertainties = 1, .errors = 1, .noise_ns = 200};

int64_t tai_offset() {
  timex state{};
  return ::adjtimex(&state) >= 0 && state.tai != 0 ? state.tai : kUsualTaiOffset;
}

bool plausible(int64_t difference_ns) { return std::abs(difference_ns) < kPlausible_ns; }

std::string duration_text(int64_t ns) {
  const double seconds = std::abs(static_cast<double>(ns)) / 1e9;
  char text[48];
  if (seconds < 1e-3) {
    std::snprintf(text, sizeof text, "%.1f us", seconds * 1e6);
  } else if (seconds < 1) {
    std::snprintf(text, sizeof text, "%.1f ms", seconds * 1e3);
  } else if (seconds < 172'800) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else {
    std::snprintf(text, sizeof text, "%.0f days", seconds / 86'400);
  }
  return text;
}

}  // namespace

std::string utc_text(int64_t ns) {
  const time_t seconds = ns / kSecond_ns - (ns % kSecond_ns < 0 ? 1 : 0);
  tm broken{};
  char text[64] = "a time beyond all calendars";
  if (::gmtime_r(&seconds, &broken) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &broken);
  return text;
}

StampJudgement judge_stamp(uint64_t stamp, int64_t now_ns, std::optional<int64_t> ticks_as_utc, int64_t tai_offset_s) {
  if (stamp <= static_cast<uint64_t>(INT64_MAX)) {
    const int64_t ahead = static_cast<int64_t>(stamp) - now_ns;
    const int64_t leap = tai_offset_s * kSecond_ns;
    if (plausible(ahead)) return {StampKind::Utc, 0, {}};
    if (tai_offset_s != 0 && plausible(ahead - leap)) return {StampKind::Tai, -leap, {}};
  }
  if (ticks_as_utc && plausible(*ticks_as_utc - now_ns)) return {StampKind::Ticks, 0, {}};
  const auto as_ns = static_cast<int64_t>(stamp);
  const bool a_time = stamp <= static_cast<uint64_t>(INT64_MAX);
  const std::string says = a_time ? utc_text(as_ns) : "no time at all";
  const std::string apart = a_time ? duration_text(as_ns - now_ns) + " from" : "unlike";
  return {StampKind::Refused, 0,
          "its stamps say " + says + ", " + apart + " the system's clock" +
              (ticks_as_utc ? ", and do not follow the device's counter" : "")};
}

HardwareClock::HardwareClock(const TscClock& tsc, bool as_given, int64_t unit_ns)
    : tsc_(tsc), as_given_(as_given), unit_ns_(as_given ? unit_ns : 1), even_(kEven) {}

void HardwareClock::judge(uint64_t stamp, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (kind_.load(std::memory_order_relaxed) != StampKind::None) return;
  StampJudgement said{StampKind::AsGiven, 0, {}};
  if (!as_given_) {
    const bool followed = readable_ && tracker_.ns_per_tick() > 0;
    said = judge_stamp(stamp, now_ns, followed ? std::optional(tracker_.map().to_ns(stamp)) : std::nullopt, tai_offset());
  }
  correction_ns_ = said.correction_ns;
  reason_ = std::move(said.reason);
  kind_.store(said.kind, std::memory_order_release);
  apply_locked();
  least_believable_lag_ns_.store(least_believable_lag_locked(), std::memory_order_relaxed);
}

/// Puts what is known into force.
void HardwareClock::apply_locked() {
  const StampKind kind = kind_.load(std::memory_order_relaxed);
  if (kind == StampKind::Ticks) {
    map_.store(tracker_.map());
  } else {
    map_.store({0, correction_ns_, unit_ns_ << ClockMap::kFraction});
  }
  in_use_.store(wanted_ && kind != StampKind::Refused, std::memory_order_release);
}

void HardwareClock::add_reading(const ClockSample& by_utc, const ClockSample& by_even_counter) {
  const std::lock_guard lock(mutex_);
  readable_ = true;
  stands_still_ = std::exchange(last_raw_, by_utc.raw) == by_utc.raw;
  const uint64_t steps = tracker_.steps(), small_steps = even_.steps();
  tracker_.add(by_utc);
  even_.add(by_even_counter);
  if (tracker_.steps() != steps) {
    step_ns_ = -tracker_.last_step_ns();
  } else if (even_.steps() != small_steps) {  // too small to be told from a rate that changes
    step_ns_ = -even_.last_step_ns();
    tracker_.begin_anew();
    tracker_.add(by_utc);
  }
}

void HardwareClock::maintain(int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const int64_t lag = least_lag_ns_.exchange(INT64_MAX, std::memory_order_relaxed);
  const StampKind kind = kind_.load(std::memory_order_relaxed);
  if (stepping_for_ > 0) --stepping_for_;
  if (kind == StampKind::Ticks) apply_locked();
  if (lag != INT64_MAX && kind != StampKind::AsGiven && kind != StampKind::None) watch_lag(lag, now_ns);
  least_believable_lag_ns_.store(least_believable_lag_locked(), std::memory_order_relaxed);
  const bool by_device = in_use() && kind_.load(std::memory_order_relaxed) != StampKind::None;
  const bool device_steady = state_locked() == ClockState::Steady && !(stands_still_ && kind == StampKind::Ticks);
  const bool steady = device_steady || (!by_device && stepping_for_ == 0);
  watch_.observe(steady && (kind == StampKind::AsGiven || tsc_.state() == ClockState::Steady), Timestamp{now_ns});
}

/// A clock that cannot be read is watched by the lag of its stamps: the least of an interval is the delay of reception,
/// which only a step changes by milliseconds.
void HardwareClock::watch_lag(int64_t lag, int64_t now) {
  const StampKind kind = kind_.load(std::memory_order_relaxed);
  if (!usual_lag_ns_) usual_lag_ns_ = lag;
  if (std::abs(lag - *usual_lag_ns_) > kStep_ns) {
    step_ns_ = *usual_lag_ns_ - lag;
    usual_lag_ns_ = lag;
    worst_lag_ns_ = 0;
    stepping_for_ = kSteppingFor;
    if (kind != StampKind::Ticks) {  // it may have become another time altogether, or a sensible one at last
      const auto raw = static_cast<uint64_t>(now - lag - correction_ns_);
      const bool followed = readable_ && tracker_.ns_per_tick() > 0;
      StampJudgement said =
          judge_stamp(raw, now, followed ? std::optional(tracker_.map().to_ns(raw)) : std::nullopt, tai_offset());
      correction_ns_ = said.correction_ns;
      reason_ = std::move(said.reason);
      kind_.store(said.kind, std::memory_order_release);
      usual_lag_ns_ = now - (static_cast<int64_t>(raw) + correction_ns_);
      apply_locked();
    }
  }
  worst_lag_ns_ = std::max(worst_lag_ns_, std::abs(lag));
}

int64_t HardwareClock::least_believable_lag_locked() const {
  switch (kind_.load(std::memory_order_relaxed)) {
    case StampKind::Ticks:
      return -(tracker_.error_ns() + tsc_.error_ns() + kReading_ns);
    case StampKind::Utc:
    case StampKind::Tai:
      return usual_lag_ns_ ? *usual_lag_ns_ - kStep_ns : INT64_MIN;
    default:
      return INT64_MIN;
  }
}

void HardwareClock::switch_to(bool use_hardware) {
  const std::lock_guard lock(mutex_);
  if (wanted_ == use_hardware) return;
  wanted_ = use_hardware;
  stepping_for_ = kSteppingFor;  // durations across the change mix two clocks
  watch_.doubt();
  step_ns_ = 0;
  apply_locked();
}

ClockState HardwareClock::state() const {
  const std::lock_guard lock(mutex_);
  return state_locked();
}

ClockState HardwareClock::state_locked() const {
  if (stepping_for_ > 0) return ClockState::Stepping;
  const StampKind kind = kind_.load(std::memory_order_relaxed);
  if (kind == StampKind::None) return ClockState::Settling;
  if (kind != StampKind::Ticks) return ClockState::Steady;
  return even_.state() == ClockState::Stepping ? ClockState::Stepping : tracker_.state();
}

int64_t HardwareClock::error_ns() const {
  const std::lock_guard lock(mutex_);
  switch (kind_.load(std::memory_order_relaxed)) {
    case StampKind::Ticks:
      return tracker_.error_ns() + tsc_.error_ns();
    case StampKind::Utc:
    case StampKind::Tai:
      return worst_lag_ns_ + tsc_.error_ns();
    default:
      return -1;
  }
}

double HardwareClock::ns_per_tick() const {
  const std::lock_guard lock(mutex_);
  return kind_.load(std::memory_order_relaxed) == StampKind::Ticks ? tracker_.ns_per_tick() : 1.0;
}

std::string HardwareClock::describe() const {
  const ClockState now = state();
  const std::lock_guard lock(mutex_);
  if (!wanted_) return "hardware stamps are switched off";
  const StampKind kind = kind_.load(std::memory_order_relaxed);
  if (kind == StampKind::Refused) return "refused: " + reason_;
  if (now == ClockState::Stepping) {
    return step_ns_ == 0 ? "the clock in use was changed; durations across the change are wrong"
                         : "the device's clock was stepped by " + duration_text(step_ns_) + "; times across the step are wrong";
  }
  switch (kind) {
    case StampKind::None:
      return "no stamped packet yet";
    case StampKind::Utc:
      return "UTC, checked against the system's clock";
    case StampKind::Tai:
      return "TAI: " + std::to_string(-correction_ns_ / kSecond_ns) + " s of leap seconds taken off";
    case StampKind::Ticks:
      return "raw ticks, followed against the system's clock";
    default:
      return "as given, not checked";
  }
}

}  // namespace wirewatch
