// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/rtt_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "dataplane/stats/port_rtts.h"

namespace wirewatch {
namespace {

TEST(RttHistogram, HasTheBucketsOfPrometheusSchemaThree) {
  for (size_t i = 0; i + 1 < RttHistogram::kBuckets; ++i) {
    const double bound_ns = std::exp2((RttHistogram::kFirst + static_cast<double>(i)) / 8) * 1e9;
    EXPECT_NEAR(static_cast<double>(RttHistogram::bound_ns(i)), bound_ns, 1.0) << i;
  }
  EXPECT_LT(RttHistogram::bound_ns(0), 1'000) << "from a microsecond";
  EXPECT_GT(RttHistogram::bound_ns(RttHistogram::kBuckets - 2), 100'000'000'000) << "to a hundred seconds";
}

TEST(RttHistogram, CountsABoundInTheBucketItEnds) {
  for (const size_t bucket : {size_t{0}, size_t{1}, size_t{80}, RttHistogram::kBuckets - 2}) {
    RttHistogram histogram;
    histogram.record(RttHistogram::bound_ns(bucket));
    EXPECT_EQ(histogram.buckets()[bucket], 1u);
    histogram.record(RttHistogram::bound_ns(bucket) + 1);
    EXPECT_EQ(histogram.buckets()[bucket + 1], 1u);
  }
}

TEST(RttHistogram, KeepsCountSumAndLargestExactly) {
  RttHistogram histogram;
  histogram.record(0);
  histogram.record(1'000'000);
  histogram.record(INT64_MAX);
  histogram.record(-5);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.sum_ns(), uint64_t{INT64_MAX} + 1'000'000);
  EXPECT_EQ(histogram.max_ns(), INT64_MAX);
  EXPECT_EQ(histogram.negative(), 1u);
  EXPECT_EQ(histogram.buckets().front(), 1u) << "zero is a round trip time";
  EXPECT_EQ(histogram.buckets().back(), 1u) << "beyond the last bound";
}

TEST(RttHistogram, GivesPercentilesWithinABucketOfTheTruth) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> spread(std::log(2e6), 1.5);
  RttHistogram histogram;
  std::vector<int64_t> all;
  for (int i = 0; i < 50'000; ++i) {
    all.push_back(static_cast<int64_t>(spread(random)) + 1'000);
    histogram.record(all.back());
  }
  std::sort(all.begin(), all.end());
  for (const double quantile : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto truth = static_cast<double>(all[static_cast<size_t>(quantile * static_cast<double>(all.size() - 1))]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile_ns(quantile)) / truth, 1.0, 0.091) << quantile;
  }
  EXPECT_EQ(histogram.percentile_ns(1.0), all.back());
  EXPECT_EQ(RttHistogram().percentile_ns(0.5), 0);
}

TEST(RttHistogram, AddsUpAndTellsWhatCameSince) {
  RttHistogram morning, evening;
  morning.record(1'000'000);
  RttHistogram day = morning;
  evening.record(9'000'000);
  evening.record(100);
  day += evening;
  EXPECT_EQ(day.count(), 3u);
  EXPECT_EQ(day.max_ns(), 9'000'000);
  EXPECT_EQ(day.since(morning).buckets(), evening.buckets());
  EXPECT_EQ(day.since(morning).sum_ns(), 9'000'100u);
}

TEST(PortRtts, KeepsTheBusiestPortsAndLosesNoSample) {
  PortRtts rtts(4);
  for (uint16_t port = 1; port <= 100; ++port) rtts.record(port, 1'000);  // each once: the first four have the places
  for (int i = 0; i < 50; ++i) rtts.record(443, 2'000'000);
  for (int i = 0; i < 50; ++i) rtts.record(80, 3'000'000);
  uint64_t apart = 0;
  bool has_443 = false;
  for (const auto& port : rtts.ports()) {
    apart += port.rtt.count();
    has_443 = has_443 || (port.port == 443 && port.rtt.count() >= 49);
  }
  EXPECT_EQ(rtts.ports().size(), 4u);
  EXPECT_TRUE(has_443);
  EXPECT_EQ(rtts.all().count(), 200u);
  EXPECT_EQ(apart + rtts.other().count(), 200u);
}

TEST(PortRtts, CostsNothingWhenNotAskedFor) {
  PortRtts rtts(0);
  rtts.record(443, 1);
  EXPECT_EQ(rtts.all().count(), 0u);
  EXPECT_EQ(rtts.memory_bytes(), 0u);
}

}  // namespace
}  // namespace wirewatch
