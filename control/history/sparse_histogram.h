// SPDX-License-Identifier: BSD-3-Clause
// Round trip times in RttHistogram's buckets, holding only the buckets that are not empty: a server's times fall into a
// dozen of them, and there is one of these for every server and slice of time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "control/report/report.h"
#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {

class SparseHistogram {
 public:
  void record(int64_t rtt_ns);
  SparseHistogram& operator+=(const SparseHistogram& other);

  uint64_t count() const noexcept { return count_; }
  /// Nearest rank; a percentile is its bucket's upper bound (at most 9.1 % too high), within the exact extremes.
  RttSummary summary() const;
  /// The same for any percentile from 0 to 100; nothing without samples.
  std::optional<int64_t> percentile_ns(double percent) const;
  size_t cells() const noexcept { return cells_.size(); }

  /// All of it as numbers, to be kept and taken up again; false when they are none that words() gives.
  std::vector<uint64_t> words() const;
  bool assign(std::span<const uint64_t> words);

 private:
  struct Cell {  // in eight bytes: there may be half a million of them
    uint64_t bucket : 8;
    uint64_t count : 56;
  };
  static_assert(RttHistogram::kBuckets <= 256 && sizeof(Cell) == 8);
  void add(uint8_t bucket, uint64_t count);

  std::vector<Cell> cells_;  // by bucket
  uint64_t count_ = 0;
  int64_t min_ns_ = 0;
  int64_t max_ns_ = 0;
};

}  // namespace wirewatch
