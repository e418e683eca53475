// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/sparse_histogram.h"

#include <gtest/gtest.h>

#include <random>

#include "control/aggregate/handshake_groups.h"

namespace wirewatch {
namespace {

TEST(SparseHistogram, OfNothingKnowsNothing) {
  const RttSummary summary = SparseHistogram().summary();
  EXPECT_EQ(summary.count, 0u);
  EXPECT_FALSE(summary.p50_ns || summary.max_ns || summary.min_ns);
}

TEST(SparseHistogram, PercentilesAreNeverBelowTheExactOnesAndAtMostABucketAbove) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> rtt(15, 2);  // around 3 ms, from microseconds to minutes
  for (const size_t samples : {1u, 2u, 10u, 100u, 5000u}) {
    SparseHistogram histogram;
    std::vector<int64_t> exact;
    for (size_t i = 0; i < samples; ++i) {
      exact.push_back(static_cast<int64_t>(rtt(random)) + 1000);
      histogram.record(exact.back());
    }
    const RttSummary truth = summarise_rtt(exact), seen = histogram.summary();
    EXPECT_EQ(seen.min_ns, truth.min_ns);
    EXPECT_EQ(seen.max_ns, truth.max_ns);
    for (const auto percentile : {&RttSummary::p50_ns, &RttSummary::p90_ns, &RttSummary::p99_ns}) {
      EXPECT_GE(*(seen.*percentile), *(truth.*percentile)) << samples;
      EXPECT_LE(static_cast<double>(*(seen.*percentile)), static_cast<double>(*(truth.*percentile)) * 1.0906) << samples;
    }
  }
}

TEST(SparseHistogram, AddsUpToWhatOneWouldHaveCounted) {
  SparseHistogram one, even, odd;
  for (int64_t i = 0; i < 1000; ++i) {
    one.record(i * i * 1000);
    (i % 2 == 0 ? even : odd).record(i * i * 1000);
  }
  even += odd;
  EXPECT_EQ(even.words(), one.words());
}

TEST(SparseHistogram, TakesUpWhatItGaveAndRefusesWhatItDidNot) {
  SparseHistogram one, other;
  for (const int64_t rtt : {int64_t{0}, int64_t{5'000'000}, int64_t{300'000'000'000}}) one.record(rtt);
  ASSERT_TRUE(other.assign(one.words()));
  EXPECT_EQ(other.words(), one.words());
  EXPECT_EQ(other.count(), 3u);
  EXPECT_FALSE(other.assign({}));
  const std::vector<uint64_t> no_such_bucket{0, 1, uint64_t{250} << 56 | 1}, upside_down{2, 1};
  EXPECT_FALSE(other.assign(no_such_bucket));
  EXPECT_FALSE(other.assign(upside_down));
}

TEST(SparseHistogram, LeavesOutTimesOfAClockThatSteppedBack) {
  SparseHistogram histogram;
  histogram.record(-1);
  EXPECT_EQ(histogram.count(), 0u);
}

}  // namespace
}  // namespace wirewatch
