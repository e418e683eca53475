// SPDX-License-Identifier: BSD-3-Clause
// Round trip times in buckets that grow by 2^(1/8): eight an octave, those of a Prometheus native histogram of schema
// 3, from a microsecond to two minutes. Count and sum are exact, percentiles within 9 % and never above the largest.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace wirewatch {

class RttHistogram {
 public:
  /// Prometheus' number of the first and the last bucket that has a bound: bucket i ends at 2^(i/8) seconds, inclusive.
  static constexpr int kFirst = -160;  // 0.95 us
  static constexpr int kLast = 56;     // 128 s
  static constexpr size_t kBuckets = static_cast<size_t>(kLast - kFirst) + 2;  // the last has no bound

  RttHistogram() = default;
  /// One that was kept elsewhere: its count is that of its buckets.
  RttHistogram(const std::array<uint64_t, kBuckets>& buckets, uint64_t sum_ns, int64_t max_ns, uint64_t negative) noexcept
      : sum_ns_(sum_ns), max_ns_(max_ns), negative_(negative), buckets_(buckets) {
    for (const uint64_t each : buckets) count_ += each;
  }

  void record(int64_t rtt_ns) noexcept;
  RttHistogram& operator+=(const RttHistogram& other) noexcept;
  /// What was recorded since `earlier`, an older copy of this histogram.
  RttHistogram since(const RttHistogram& earlier) const noexcept;

  uint64_t count() const noexcept { return count_; }
  uint64_t sum_ns() const noexcept { return sum_ns_; }
  int64_t max_ns() const noexcept { return max_ns_; }
  /// Durations below zero: a clock stepped back between two packets. In no bucket, neither counted nor summed.
  uint64_t negative() const noexcept { return negative_; }
  /// The duration that a share `quantile` of all is not longer than; 0 when there are none.
  int64_t percentile_ns(double quantile) const noexcept;

  /// Counts, not cumulative. The first holds everything up to its bound, the last all beyond the last bound.
  const std::array<uint64_t, kBuckets>& buckets() const noexcept { return buckets_; }
  /// Inclusive upper bound of a bucket that has one.
  static int64_t bound_ns(size_t bucket) noexcept { return kBounds_ns[bucket]; }

 private:
  static constexpr std::array<int64_t, kBuckets - 1> make_bounds() noexcept {
    // 2^(k/8) s in ns for k = 0..7; octaves are exact factors of two.
    constexpr std::array<long double, 8> kSteps{1.0e9L,
                                                1.0905077326652576592e9L,
                                                1.1892071150027210667e9L,
                                                1.2968395546510096659e9L,
                                                1.4142135623730950488e9L,
                                                1.5422108254079408236e9L,
                                                1.6817928305074290861e9L,
                                                1.8340080864093424635e9L};
    std::array<int64_t, kBuckets - 1> bounds{};
    for (size_t i = 0; i < bounds.size(); ++i) {
      long double bound = kSteps[i % 8];
      for (int octave = kFirst / 8 + static_cast<int>(i / 8); octave < 0; ++octave) bound /= 2;
      for (int octave = kFirst / 8 + static_cast<int>(i / 8); octave > 0; --octave) bound *= 2;
      bounds[i] = static_cast<int64_t>(bound);
    }
    return bounds;
  }
  static const std::array<int64_t, kBuckets - 1> kBounds_ns;

  uint64_t count_ = 0;
  uint64_t sum_ns_ = 0;
  int64_t max_ns_ = 0;
  uint64_t negative_ = 0;
  std::array<uint64_t, kBuckets> buckets_{};
};

inline constexpr std::array<int64_t, RttHistogram::kBuckets - 1> RttHistogram::kBounds_ns = RttHistogram::make_bounds();

}  // namespace wirewatch
