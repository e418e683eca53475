// SPDX-License-Identifier: BSD-3-Clause
// Stamps of a NIC to UTC, with a clock that the test makes run fast, jump and stop.
#include "dataplane/source/nic_clock.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dataplane/base/timestamp.h"
#include "dataplane/source/kernel_clock.h"
#include "dataplane/source/xdp_stamps.h"

namespace wirewatch::testing {
namespace {

constexpr int64_t kStart = 1'800'000'000 * kSecond_ns;

/// The system's clock and the NIC's, as the test drives them.
struct Clocks {
  int64_t utc_ns = kStart;
  double drift_ppm = 0;
  int64_t offset_ns = 0;  // of the NIC's clock at the start
  bool stands_still = false;

  uint64_t nic_at(int64_t utc) const {
    if (stands_still) return static_cast<uint64_t>(kStart + offset_ns);
    return static_cast<uint64_t>(utc + offset_ns) + static_cast<uint64_t>(std::llround(static_cast<double>(utc - kStart) * drift_ppm * 1e-6));
  }
  std::optional<ClockSample> read() const { return ClockSample{.raw = nic_at(utc_ns), .reference_ns = utc_ns, .uncertainty_ns = 100}; }
  std::unique_ptr<NicClock> clock() {
    return std::make_unique<NicClock>([this] { return read(); });
  }
  void run(NicClock& clock, int64_t seconds) {
    for (int64_t i = 0; i < seconds * 4; ++i) {
      utc_ns += kSecond_ns / 4;
      clock.maintain({utc_ns});
    }
  }
};

TEST(NicClock, TurnsStampsIntoUtcWhateverTheyCountFrom) {
  const struct {
    const char* description;
    int64_t offset_ns;
    double drift_ppm;
  } cases[] = {
      {"UTC", 0, 0},
      {"TAI", 37 * kSecond_ns, 0},
      {"since it was switched on", -kStart + 5 * kSecond_ns, 0},
      {"fast by 50 ppm", 37 * kSecond_ns, 50},
      {"slow by 50 ppm", -kStart + kSecond_ns, -50},
  };
  for (const auto& one : cases) {
    Clocks clocks{.drift_ppm = one.drift_ppm, .offset_ns = one.offset_ns};
    const auto clock = clocks.clock();
    clocks.run(*clock, 20);
    ASSERT_TRUE(clock->usable()) << one.description;
    EXPECT_EQ(clock->report().state, ClockState::Steady) << one.description;
    // A handshake's two stamps, 100 ms apart, some time after the last reading.
    const int64_t syn = clocks.utc_ns + 10'000'000, syn_ack = syn + 100'000'000;
    const Timestamp first = clock->to_utc(clocks.nic_at(syn)), second = clock->to_utc(clocks.nic_at(syn_ack));
    EXPECT_NEAR(static_cast<double>(first.ns - syn), 0, 1'000) << one.description;
    EXPECT_NEAR(static_cast<double>(second.since(first)), 100'000'000, 1'000) << one.description;
  }
}

TEST(NicClock, SaysThatItSteps) {
  Clocks clocks{.offset_ns = 37 * kSecond_ns};
  const auto clock = clocks.clock();
  clocks.run(*clock, 10);
  clocks.offset_ns += 5'000'000;
  clocks.run(*clock, 1);
  EXPECT_EQ(clock->report().state, ClockState::Stepping);
  EXPECT_NE(NicClock::describe(clock->report()).find("stepping"), std::string::npos);
  clocks.run(*clock, 10);
  EXPECT_EQ(clock->report().state, ClockState::Steady);
  EXPECT_NEAR(static_cast<double>(clock->to_utc(clocks.nic_at(clocks.utc_ns)).ns - clocks.utc_ns), 0, 1'000);
}

TEST(NicClock, IsRefusedWhileItStandsStill) {
  Clocks clocks;
  const auto clock = clocks.clock();
  clocks.run(*clock, 5);
  clocks.stands_still = true;
  clocks.run(*clock, 2);
  EXPECT_FALSE(clock->usable());
  EXPECT_NE(NicClock::describe(clock->report()).find("refused"), std::string::npos);
}

TEST(NicClock, IsRefusedWhenItRunsMuchTooFast) {
  Clocks clocks{.drift_ppm = 50'000};
  const auto clock = clocks.clock();
  clocks.run(*clock, 5);
  EXPECT_FALSE(clock->usable());
}

TEST(NicClock, ReadsTheClocksOnlyWhenItIsTime) {
  unsigned readings = 0;
  Clocks clocks;
  NicClock clock([&] {
    ++readings;
    return clocks.read();
  });
  for (int i = 0; i < 1'000; ++i) {
    clocks.utc_ns += 1'000'000;
    clock.maintain({clocks.utc_ns});
  }
  EXPECT_LE(readings, 6u);
  EXPECT_GE(readings, 4u);
}

/// Stamps of a frame that came at `utc`, as the program writes them.
xdp::stamps stamps_at(int64_t utc, uint64_t hardware_ns) {
  return {.tai_ns = static_cast<uint64_t>(utc + TaiOffset().seconds() * kSecond_ns),
          .hardware_ns = hardware_ns,
          .mark = xdp::STAMP_MARK,
          .has_vlan = 0,
          .vlan_protocol = 0,
          .vlan_tci = 0};
}

TEST(XdpStamps, TakesTheNicsTimeToTheNanosecondAndTheKernelsWithoutIt) {
  Clocks clocks{.offset_ns = 37 * kSecond_ns};
  XdpStamps stamps(clocks.clock());
  stamps.maintain({clocks.utc_ns});
  const int64_t arrival = clocks.utc_ns + 1'234'567, kernel = arrival + 20'000;
  EXPECT_EQ(stamps.time_of(stamps_at(kernel, clocks.nic_at(arrival))).ns, arrival);
  EXPECT_EQ(stamps.time_of(stamps_at(kernel, 0)).ns, kernel) << "a frame that the NIC did not stamp";
  EXPECT_EQ(stamps.by_nic(), 1u);
}

TEST(XdpStamps, RefusesStampsOfAnotherClock) {
  Clocks clocks;
  XdpStamps stamps(clocks.clock());
  stamps.maintain({clocks.utc_ns});
  for (const uint64_t nonsense : {uint64_t{1}, uint64_t{kStart / 2}, ~uint64_t{0}, uint64_t{kStart + 37 * kSecond_ns}}) {
    EXPECT_EQ(stamps.time_of(stamps_at(clocks.utc_ns, nonsense)).ns, clocks.utc_ns) << nonsense;
  }
  EXPECT_EQ(stamps.refused(), 4u);
  EXPECT_EQ(stamps.by_nic(), 0u);
}

TEST(XdpStamps, CanBeToldToLeaveTheNicsTimeAside) {
  Clocks clocks;
  XdpStamps stamps(clocks.clock());
  stamps.maintain({clocks.utc_ns});
  const xdp::stamps both = stamps_at(clocks.utc_ns + 500, clocks.nic_at(clocks.utc_ns));
  EXPECT_EQ(stamps.time_of(both).ns, clocks.utc_ns);
  stamps.use_nic(false);
  stamps.maintain({clocks.utc_ns});
  EXPECT_EQ(stamps.time_of(both).ns, clocks.utc_ns + 500);
  EXPECT_FALSE(stamps.uses_nic());
}

TEST(XdpStamps, WorksWithoutAClockOfTheNic) {
  XdpStamps stamps(nullptr);
  stamps.maintain({kStart});
  EXPECT_EQ(stamps.time_of(stamps_at(kStart, 12345)).ns, kStart);
}

TEST(KernelClock, FindsTheLeapSecondsBetweenTwoReadings) {
  const struct {
    const char* description;
    int64_t difference_ns;
    int64_t seconds;
  } cases[] = {
      {"nobody told the kernel", 0, 0},
      {"read one after the other", 150, 0},
      {"since 2017", 37 * kSecond_ns, 37},
      {"since 2017, read one after the other", 37 * kSecond_ns + 400, 37},
      {"the other one first", 37 * kSecond_ns - 400, 37},
      {"before UTC", -kSecond_ns - 90, -1},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(whole_seconds_between(kStart + one.difference_ns, kStart), one.seconds) << one.description;
  }
}

}  // namespace
}  // namespace wirewatch::testing
