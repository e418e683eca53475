// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {

void RttHistogram::record(int64_t rtt_ns) noexcept {
  if (rtt_ns < 0) {
    ++negative_;
    return;
  }
  const auto bound = std::lower_bound(kBounds_ns.begin(), kBounds_ns.end(), rtt_ns);
  ++buckets_[static_cast<size_t>(bound - kBounds_ns.begin())];
  ++count_;
  sum_ns_ += static_cast<uint64_t>(rtt_ns);
  max_ns_ = std::max(max_ns_, rtt_ns);
}

RttHistogram& RttHistogram::operator+=(const RttHistogram& other) noexcept {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
  negative_ += other.negative_;
  return *this;
}

RttHistogram RttHistogram::since(const RttHistogram& earlier) const noexcept {
  RttHistogram difference = *this;
  for (size_t i = 0; i < kBuckets; ++i) difference.buckets_[i] -= earlier.buckets_[i];
  difference.count_ -= earlier.count_;
  difference.sum_ns_ -= earlier.sum_ns_;
  difference.negative_ -= earlier.negative_;
  return difference;
}

int64_t RttHistogram::percentile_ns(double quantile) const noexcept {
  if (count_ == 0) return 0;
  const double rank = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_);
  uint64_t below = 0;
  for (size_t i = 0; i < kBuckets - 1; ++i) {
    const uint64_t here = buckets_[i];
    if (here == 0 || static_cast<double>(below + here) < rank) {
      below += here;
      continue;
    }
    const int64_t from_ns = i == 0 ? 0 : kBounds_ns[i - 1];
    const double share = (rank - static_cast<double>(below)) / static_cast<double>(here);
    const auto within_ns = static_cast<int64_t>(share * static_cast<double>(kBounds_ns[i] - from_ns));
    return std::min(from_ns + within_ns, max_ns_);
  }
  return max_ns_;
}

}  // namespace wirewatch
