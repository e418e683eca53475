// SPDX-License-Identifier: BSD-3-Clause
// One thread steps a clock and reads it, others time by it: whatever they do at once, a duration across a step is never
// vouched for.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "dataplane/source/clock_watch.h"

namespace wirewatch {
namespace {

TEST(ClockWatchThreads, VouchForNoDurationAcrossAStep) {
  constexpr int kReadings = 20'000, kWorkers = 2;
  ClockWatch watch;
  ClockWatches clocks;
  clocks.add(&watch);
  std::atomic<uint64_t> steps{0};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> wrong{0}, vouched{0}, flagged{0};
  const auto time_things = [&] {
    while (!stop.load()) {
      const uint16_t epoch = clocks.epoch();
      const uint64_t begun_at = steps.load();
      std::this_thread::yield();
      const uint64_t ended_at = steps.load();
      const ClockWatches::Readings begun = clocks.readings_begun();
      while (clocks.readings_since(begun) == 0 && !stop.load()) std::this_thread::yield();
      if (clocks.readings_since(begun) == 0) return;
      const bool steady = clocks.epoch() == epoch && clocks.hold_for(Timestamp{1});
      (steady ? vouched : flagged).fetch_add(1);
      if (steady && begun_at != ended_at) wrong.fetch_add(1);
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back(time_things);
  uint64_t seen = 0;
  for (int i = 0; i < kReadings; ++i) {
    if (i % 5 == 4) steps.fetch_add(1);
    watch.begin_reading();
    const uint64_t now = steps.load();
    watch.observe(now == seen, Timestamp{0});
    seen = now;
    if (i % 7 == 0) watch.doubt();
    std::this_thread::yield();
  }
  // And quietly for a while, so that some are vouched for whatever the threads' turns were.
  while (vouched.load() == 0) {
    watch.begin_reading();
    watch.observe(true, Timestamp{0});
    std::this_thread::yield();
  }
  stop.store(true);
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_GT(vouched.load(), 0u);
}

}  // namespace
}  // namespace wirewatch
