// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/clock_tracker.h"

#include <algorithm>
#include <cmath>

namespace wirewatch {
namespace {

constexpr size_t kWindow = 32;                // samples; 8 s at four a second
constexpr size_t kSettled = 4;                // samples that make a rate believable
constexpr int64_t kShortestSpan_ns = 20'000'000;
constexpr double kMostSlew_ppm = 500;         // an offset is worn off at this rate at most, so that durations stay right
constexpr double kSlewOver_ns = 1e9;          // an offset is worn off within about this time

}  // namespace

/// Is the sample further from the line than the clocks can have drifted since the last one?
bool ClockTracker::jumped(const ClockSample& sample) const noexcept {
  const int64_t interval = std::abs(sample.reference_ns - samples_.back().reference_ns);
  const int64_t deviation = std::abs(sample.reference_ns - map_.to_ns(sample.raw));
  // Until the rate has been measured well, it may be off by more.
  double ppm = rate_known_ ? tolerance_.rate_change_ppm : std::max(tolerance_.rate_change_ppm, 1'000.0);
  // Nor is a rate known better than its two ends were read.
  const int64_t span = std::abs(samples_.back().reference_ns - samples_.front().reference_ns);
  if (span >= kShortestSpan_ns) {
    ppm += 1e6 * static_cast<double>(samples_.front().uncertainty_ns + samples_.back().uncertainty_ns) / static_cast<double>(span);
  }
  const double allowed = ppm * 1e-6 * static_cast<double>(interval) +
                         tolerance_.uncertainties * static_cast<double>(sample.uncertainty_ns) +
                         tolerance_.errors * static_cast<double>(error_ns_) + static_cast<double>(tolerance_.noise_ns);
  return static_cast<double>(deviation) > allowed;
}

void ClockTracker::restart_at(const ClockSample& sample) {
  samples_.clear();
  samples_.push_back(sample);
  map_ = {sample.raw, sample.reference_ns, map_.ns_per_tick};  // the rate is kept, only the place has changed
}

void ClockTracker::begin_anew() {
  samples_.clear();
  suspect_.reset();
  state_ = ClockState::Stepping;
  since_step_ = 0;
}

void ClockTracker::add(const ClockSample& sample) {
  if (!samples_.empty() && sample.raw == samples_.back().raw) return;
  if (ns_per_tick_ > 0 && !samples_.empty() && jumped(sample)) {
    const bool confirmed = suspect_ && std::abs((sample.reference_ns - map_.to_ns(sample.raw)) -
                                                (suspect_->reference_ns - map_.to_ns(suspect_->raw))) <
                                           tolerance_.noise_ns + 3 * (sample.uncertainty_ns + suspect_->uncertainty_ns) +
                                               (sample.reference_ns - suspect_->reference_ns) / 1'000;
    state_ = ClockState::Stepping;
    since_step_ = 0;
    if (!confirmed) {
      suspect_ = sample;
      return;
    }
    ++steps_;
    last_step_ns_ = sample.reference_ns - map_.to_ns(sample.raw);
    const ClockSample first = *suspect_;
    suspect_.reset();
    restart_at(first);
  } else if (suspect_) {
    suspect_.reset();  // it was a bad reading
  }
  samples_.push_back(sample);
  if (samples_.size() > kWindow) samples_.pop_front();
  renew_map();
  if (++since_step_ < kSettled || ns_per_tick_ <= 0 || samples_.size() < kSettled) return;
  state_ = ClockState::Steady;
  rate_known_ = true;
}

/// Least squares, each sample weighed by how closely it was read.
ClockTracker::Line ClockTracker::fit() const noexcept {
  const ClockSample& last = samples_.back();
  double weights = 0, mean_x = 0, mean_y = 0;
  const auto x_of = [&](const ClockSample& sample) { return static_cast<double>(static_cast<int64_t>(sample.raw - last.raw)); };
  const auto y_of = [&](const ClockSample& sample) { return static_cast<double>(sample.reference_ns - last.reference_ns); };
  const auto weight_of = [](const ClockSample& sample) {
    const double uncertainty = 50.0 + static_cast<double>(sample.uncertainty_ns);
    return 1.0 / (uncertainty * uncertainty);
  };
  for (const ClockSample& sample : samples_) {
    weights += weight_of(sample);
    mean_x += weight_of(sample) * x_of(sample);
    mean_y += weight_of(sample) * y_of(sample);
  }
  mean_x /= weights;
  mean_y /= weights;
  double covariance = 0, variance = 0;
  for (const ClockSample& sample : samples_) {
    const double dx = x_of(sample) - mean_x;
    covariance += weight_of(sample) * dx * (y_of(sample) - mean_y);
    variance += weight_of(sample) * dx * dx;
  }
  const bool long_enough = -y_of(samples_.front()) >= static_cast<double>(kShortestSpan_ns);
  const double slope = (long_enough || ns_per_tick_ == 0) && variance > 0 ? covariance / variance : ns_per_tick_;
  Line line{slope, mean_y - slope * mean_x, 0};
  for (const ClockSample& sample : samples_) {
    const double allowed = static_cast<double>(sample.uncertainty_ns);
    const double residual = std::abs(y_of(sample) - (line.offset_ns + slope * x_of(sample)));
    line.worst_residual_ns = std::max(line.worst_residual_ns, residual - std::min(residual, allowed));
  }
  return line;
}

void ClockTracker::renew_map() {
  const ClockSample& last = samples_.back();
  if (samples_.size() < 2) {
    map_.raw_anchor = last.raw;
    map_.ns_anchor = last.reference_ns;
    return;
  }
  const bool had_rate = ns_per_tick_ > 0;
  const Line line = fit();
  if (!(line.ns_per_tick > 0) || !std::isfinite(line.ns_per_tick)) return;  // two readings that make no clock
  ns_per_tick_ = line.ns_per_tick;
  const int64_t fitted = last.reference_ns + static_cast<int64_t>(std::llround(line.offset_ns));
  int64_t least_uncertainty = last.uncertainty_ns;
  for (const ClockSample& sample : samples_) least_uncertainty = std::min(least_uncertainty, sample.uncertainty_ns);

  int64_t outstanding = 0;  // what is left to wear off
  if (had_rate && state_ == ClockState::Steady) {
    const int64_t reached = map_.to_ns(last.raw);
    outstanding = fitted - reached;
    const double slew = std::clamp(static_cast<double>(outstanding) / kSlewOver_ns, -kMostSlew_ppm * 1e-6, kMostSlew_ppm * 1e-6);
    map_ = {last.raw, reached, ClockMap::fixed(line.ns_per_tick * (1.0 + slew))};
  } else {
    map_ = {last.raw, fitted, ClockMap::fixed(line.ns_per_tick)};
  }
  error_ns_ = std::abs(outstanding) + least_uncertainty + static_cast<int64_t>(std::llround(line.worst_residual_ns));
}

}  // namespace wirewatch
