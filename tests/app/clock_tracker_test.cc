// SPDX-License-Identifier: BSD-3-Clause
// Simulated clocks: a NIC that counts at its own rate and steps, read with the noise that reading has.
#include "dataplane/source/clock_tracker.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dataplane/base/timestamp.h"
#include "dataplane/source/kernel_clock.h"
#include "dataplane/source/tsc_clock.h"

namespace wirewatch {
namespace {

constexpr int64_t kStart = 1'700'000'000 * kSecond_ns;  // UTC of the simulation's first moment

/// As mlx5 counts: so many ticks a nanosecond, off by some ppm, from an arbitrary beginning.
struct SimulatedNic {
  double ticks_per_ns = 0.15625;  // 156.25 MHz
  double ppm = 0;
  int64_t step_at = INT64_MAX;  // ns since the start
  int64_t step_ns = 0;
  uint64_t first = 123'456'789'012;

  uint64_t at(int64_t since_start_ns) const {
    const double ticks = static_cast<double>(since_start_ns) * ticks_per_ns * (1 + ppm * 1e-6);
    const double jumped = since_start_ns >= step_at ? static_cast<double>(step_ns) * ticks_per_ns : 0;
    return first + static_cast<uint64_t>(ticks + jumped);
  }
};

struct Simulation {
  ClockTracker tracker{20};
  std::vector<ClockMap> maps;  // in force from i * kInterval on
  std::vector<ClockState> states;
  static constexpr int64_t kInterval = kSecond_ns / 4;
};

/// Reads the clocks four times a second, each reading off by up to 150 ns and saying so.
Simulation follow(const SimulatedNic& nic, int64_t length) {
  Simulation run;
  std::mt19937 random(7);
  std::uniform_int_distribution<int64_t> noise(-150, 150);
  for (int64_t t = 0; t <= length; t += Simulation::kInterval) {
    run.tracker.add({nic.at(t), kStart + t + noise(random), 150});
    run.maps.push_back(run.tracker.map());
    run.states.push_back(run.tracker.state());
  }
  return run;
}

/// What the data plane would say of two packets that arrive `apart` from each other.
int64_t measured(const Simulation& run, const SimulatedNic& nic, int64_t first, int64_t apart) {
  const auto stamp = [&](int64_t t) { return run.maps[static_cast<size_t>(t / Simulation::kInterval)].to_ns(nic.at(t)); };
  return stamp(first + apart) - stamp(first);
}

class ClockTrackerAtDrift : public ::testing::TestWithParam<double> {};

TEST_P(ClockTrackerAtDrift, MeasuresDurationsToAMicrosecond) {
  const SimulatedNic nic{.ppm = GetParam()};
  const Simulation run = follow(nic, 30 * kSecond_ns);
  EXPECT_EQ(run.tracker.steps(), 0u);
  EXPECT_EQ(run.tracker.state(), ClockState::Steady);
  EXPECT_LT(run.tracker.error_ns(), 1'000);
  for (const int64_t apart : {int64_t{20'000}, int64_t{1'000'000}, int64_t{50'000'000}, kSecond_ns, 3 * kSecond_ns}) {
    for (int64_t first = 2 * kSecond_ns; first + apart < 30 * kSecond_ns; first += 77'777'777) {
      EXPECT_NEAR(static_cast<double>(measured(run, nic, first, apart)), static_cast<double>(apart), 1'000)
          << apart << " apart at " << first;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Ppm, ClockTrackerAtDrift, ::testing::Values(-50.0, -1.0, 0.0, 50.0));

TEST(ClockTracker, FlagsAStepAndIsRightAgainAfterIt) {
  for (const int64_t step : {int64_t{50'000}, int64_t{-50'000}, 37 * kSecond_ns, -10 * kSecond_ns}) {
    const SimulatedNic nic{.ppm = 50, .step_at = 10 * kSecond_ns + 1, .step_ns = step};
    const Simulation run = follow(nic, 20 * kSecond_ns);
    EXPECT_EQ(run.tracker.steps(), 1u) << step;
    const auto size = static_cast<double>(step);  // by the NIC's own rate, which is 50 ppm off
    EXPECT_NEAR(static_cast<double>(run.tracker.last_step_ns()), -size, 2'000 + std::abs(size) * 51e-6) << step;
    const size_t after = static_cast<size_t>(10 * kSecond_ns / Simulation::kInterval) + 1;
    EXPECT_EQ(run.states[after - 1], ClockState::Steady) << step;
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(run.states[after + i], ClockState::Stepping) << step << " sample " << i;
    EXPECT_EQ(run.states[after + 6], ClockState::Steady) << step;
    for (int64_t first = 12 * kSecond_ns; first < 18 * kSecond_ns; first += 77'777'777) {
      EXPECT_NEAR(static_cast<double>(measured(run, nic, first, 50'000'000)), 50'000'000, 1'000) << step;
    }
  }
}

TEST(ClockTracker, TakesOneBadReadingForWhatItIs) {
  const SimulatedNic nic{.ppm = 50};
  ClockTracker tracker(20);
  for (int64_t t = 0; t < 20; ++t) {
    const int64_t late = t == 12 ? 3'000'000 : 0;  // the thread was scheduled away between the two readings
    tracker.add({nic.at(t * Simulation::kInterval), kStart + t * Simulation::kInterval + late, 150});
    const ClockState expected = t == 12 ? ClockState::Stepping : tracker.state();
    EXPECT_EQ(tracker.state(), expected);
  }
  EXPECT_EQ(tracker.steps(), 0u);
  EXPECT_EQ(tracker.state(), ClockState::Steady);
  EXPECT_LT(std::abs(tracker.map().to_ns(nic.at(10 * kSecond_ns)) - (kStart + 10 * kSecond_ns)), 5'000);
}

TEST(ClockTracker, FollowsAReferenceThatIsSlewedWithoutGoingBack) {
  const SimulatedNic nic{.ticks_per_ns = 2.5};
  ClockTracker tracker(500);
  int64_t slewed = 0, last = 0;
  for (int64_t t = 0; t < 120; ++t) {
    if (t > 40 && t < 80) slewed -= 50'000;  // 200 ppm
    tracker.add({nic.at(t * Simulation::kInterval), kStart + t * Simulation::kInterval + slewed, 100});
    for (int64_t within = 0; within < Simulation::kInterval; within += Simulation::kInterval / 10) {
      const int64_t now = tracker.map().to_ns(nic.at(t * Simulation::kInterval + within));
      EXPECT_TRUE(t <= 4 || now > last) << t;
      last = now;
    }
  }
  EXPECT_EQ(tracker.steps(), 0u);
  EXPECT_LT(std::abs(tracker.map().to_ns(nic.at(119 * Simulation::kInterval)) - (kStart + 119 * Simulation::kInterval + slewed)), 20'000);
}

TEST(ClockMap, IsExactForACounterOfNanoseconds) {
  const ClockMap identity;
  EXPECT_EQ(identity.to_ns(1'700'000'000'123'456'789u), 1'700'000'000'123'456'789);
  const ClockMap less_tai{0, -37 * kSecond_ns, int64_t{1} << ClockMap::kFraction};
  EXPECT_EQ(less_tai.to_ns(1'700'000'037'123'456'789u), 1'700'000'000'123'456'789);
}

TEST(TscClock, AgreesWithTheSystemsClock) {
  TscClock clock;
  timespec time{};
  int64_t closest = INT64_MAX;
  for (int i = 0; i < 50; ++i) {  // the best of many: the thread may be scheduled away in between
    ::clock_gettime(CLOCK_REALTIME, &time);
    const int64_t now = int64_t{time.tv_sec} * kSecond_ns + time.tv_nsec;
    closest = std::min(closest, std::abs(clock.now_ns() - now));
  }
  EXPECT_LT(closest, 20'000);
  EXPECT_GT(clock.ns_per_tick(), 0.0);
}

TEST(SetNotice, SeesTheSmallestStepThatReadingCanTell) {
  SetNotice notice;
  int64_t utc = kStart, monotonic = 5 * kSecond_ns;
  const auto read = [&](int64_t took) { return notice.observe(monotonic, utc + took / 2, monotonic + took); };
  EXPECT_FALSE(read(60)) << "the first reading has nothing before it";
  utc += kSecond_ns / 4 + 125'000, monotonic += kSecond_ns / 4 + 125'000;  // both slewed
  EXPECT_FALSE(read(900)) << "a reading that took long";
  EXPECT_FALSE(read(60));
  utc += 100;
  EXPECT_TRUE(read(60)) << "set forward";
  EXPECT_FALSE(read(60)) << "and told once";
  utc -= 100;
  EXPECT_TRUE(read(60)) << "set back";
}

TEST(SetNotice, IsQuietWhileNobodySetsTheClock) {
  SetNotice notice;
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(notice.look());
}

}  // namespace
}  // namespace wirewatch
