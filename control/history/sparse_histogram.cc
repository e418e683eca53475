// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/sparse_histogram.h"

#include <algorithm>
#include <cmath>

namespace wirewatch {
namespace {

constexpr uint64_t kMostCounted = (uint64_t{1} << 56) - 1;

uint8_t bucket_of(int64_t rtt_ns) noexcept {
  uint32_t low = 0, high = RttHistogram::kBuckets - 1;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (RttHistogram::bound_ns(middle) < rtt_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return static_cast<uint8_t>(low);
}

}  // namespace

void SparseHistogram::record(int64_t rtt_ns) {
  if (rtt_ns < 0) return;  // a clock stepped back between the two packets
  min_ns_ = count_ == 0 ? rtt_ns : std::min(min_ns_, rtt_ns);
  max_ns_ = std::max(max_ns_, rtt_ns);
  ++count_;
  add(bucket_of(rtt_ns), 1);
}

SparseHistogram& SparseHistogram::operator+=(const SparseHistogram& other) {
  if (other.count_ == 0) return *this;
  min_ns_ = count_ == 0 ? other.min_ns_ : std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
  count_ += other.count_;
  for (const Cell& cell : other.cells_) add(static_cast<uint8_t>(cell.bucket), cell.count);
  return *this;
}

void SparseHistogram::add(uint8_t bucket, uint64_t count) {
  const auto at = std::ranges::lower_bound(cells_, bucket, {}, [](const Cell& cell) { return static_cast<uint8_t>(cell.bucket); });
  if (at != cells_.end() && at->bucket == bucket) {
    at->count = (at->count + count) & kMostCounted;
  } else {
    cells_.insert(at, {.bucket = bucket, .count = count & kMostCounted});
  }
}

std::vector<uint64_t> SparseHistogram::words() const {
  std::vector<uint64_t> words{static_cast<uint64_t>(min_ns_), static_cast<uint64_t>(max_ns_)};
  for (const Cell& cell : cells_) words.push_back(uint64_t{cell.bucket} << 56 | cell.count);
  return words;
}

bool SparseHistogram::assign(std::span<const uint64_t> words) {
  if (words.size() < 2 || words.size() > RttHistogram::kBuckets + 2) return false;
  *this = {};
  min_ns_ = static_cast<int64_t>(words[0]);
  max_ns_ = static_cast<int64_t>(words[1]);
  for (const uint64_t word : words.subspan(2)) {
    const auto bucket = static_cast<uint8_t>(word >> 56);
    if (bucket >= RttHistogram::kBuckets) return false;
    add(bucket, word & kMostCounted);
    count_ += word & kMostCounted;
  }
  return min_ns_ >= 0 && min_ns_ <= max_ns_;
}

std::optional<int64_t> SparseHistogram::percentile_ns(double percent) const {
  if (count_ == 0) return std::nullopt;
  const double wanted = std::ceil(static_cast<double>(count_) * std::clamp(percent, 0.0, 100.0) / 100);
  const uint64_t nth = std::max<uint64_t>(static_cast<uint64_t>(wanted), 1);
  uint64_t so_far = 0;
  for (const Cell& cell : cells_) {
    so_far += cell.count;
    if (so_far < nth) continue;
    if (size_t{cell.bucket} + 1 >= RttHistogram::kBuckets) return max_ns_;
    return std::clamp(RttHistogram::bound_ns(cell.bucket), min_ns_, max_ns_);
  }
  return max_ns_;
}

RttSummary SparseHistogram::summary() const {
  RttSummary summary{.count = count_, .p50_ns = {}, .p90_ns = {}, .p99_ns = {}, .max_ns = {}, .min_ns = {}};
  if (count_ == 0) return summary;
  summary.p50_ns = percentile_ns(50);
  summary.p90_ns = percentile_ns(90);
  summary.p99_ns = percentile_ns(99);
  summary.max_ns = max_ns_;
  summary.min_ns = min_ns_;
  return summary;
}

}  // namespace wirewatch
