// SPDX-License-Identifier: BSD-3-Clause
// What stamps of a device are taken for: UTC, TAI, ticks, or nonsense.
#include "dataplane/base/timestamp.h"
#include "dataplane/source/hardware_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wirewatch {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000 * kSecond_ns;

struct StampCase {
  std::string_view what;
  uint64_t stamp;
  std::optional<int64_t> ticks_as_utc;
  StampKind kind;
  int64_t correction_ns;
  std::string_view reason;
};

class JudgeStamp : public ::testing::TestWithParam<StampCase> {};

TEST_P(JudgeStamp, BySystemClockAndCounter) {
  const StampCase& c = GetParam();
  const StampJudgement said = judge_stamp(c.stamp, kNow, c.ticks_as_utc, 37);
  EXPECT_EQ(said.kind, c.kind) << c.what;
  EXPECT_EQ(said.correction_ns, c.correction_ns) << c.what;
  EXPECT_THAT(said.reason, HasSubstr(std::string(c.reason))) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Stamps, JudgeStamp,
    ::testing::Values(
        StampCase{"UTC", kNow - 5'000, {}, StampKind::Utc, 0, ""},
        StampCase{"UTC, a little ahead", kNow + 300'000, {}, StampKind::Utc, 0, ""},
        StampCase{"UTC, though the counter can be read too", kNow - 5'000, kNow - 4'000, StampKind::Utc, 0, ""},
        StampCase{"TAI", kNow + 37 * kSecond_ns - 5'000, {}, StampKind::Tai, -37 * kSecond_ns, ""},
        StampCase{"ticks of a counter that is followed", 123'456'789, kNow - 6'000, StampKind::Ticks, 0, ""},
        StampCase{"nanoseconds since the device started", 12 * kSecond_ns, {}, StampKind::Refused, 0,
                  "its stamps say 1970-01-01 00:00:12, 19676 days from the system's clock"},
        StampCase{"36 seconds are no leap seconds", kNow + 34 * kSecond_ns, {}, StampKind::Refused, 0, "34.0 s from"},
        StampCase{"neither time nor counter", 99, kNow - 60 * kSecond_ns, StampKind::Refused, 0, "do not follow the device's counter"},
        StampCase{"beyond what a time can be", UINT64_MAX, {}, StampKind::Refused, 0, "no time at all"}));

class HardwareClockTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { tsc_ = new TscClock; }
  static void TearDownTestSuite() { delete tsc_; }
  static TscClock* tsc_;
};
TscClock* HardwareClockTest::tsc_ = nullptr;

TEST_F(HardwareClockTest, TakesTheLeapSecondsOffTaiAndSaysSo) {
  HardwareClock clock(*tsc_, false);
  const int64_t now = tsc_->now_ns();
  clock.judge(static_cast<uint64_t>(now + 37 * kSecond_ns), now);
  if (clock.kind() != StampKind::Tai) GTEST_SKIP() << "the kernel has other leap seconds than 37";
  EXPECT_EQ(clock.map().to_ns(static_cast<uint64_t>(now + 37 * kSecond_ns)), now);
  EXPECT_THAT(clock.describe(), HasSubstr("37 s of leap seconds taken off"));
}

TEST_F(HardwareClockTest, RefusesNonsenseAndSaysWhy) {
  HardwareClock clock(*tsc_, false);
  clock.judge(5, tsc_->now_ns());
  EXPECT_FALSE(clock.in_use());
  EXPECT_THAT(clock.describe(), HasSubstr("refused: its stamps say 1970-01-01 00:00:00"));
}

TEST_F(HardwareClockTest, TakesEverythingWhenToldToTrust) {
  HardwareClock clock(*tsc_, true);
  clock.judge(5, tsc_->now_ns());
  EXPECT_TRUE(clock.in_use());
  EXPECT_EQ(clock.map().to_ns(123'456'789'123'456'789u), 123'456'789'123'456'789);
}

TEST_F(HardwareClockTest, CanBeSwitchedOffAndOnAndFlagsTheChange) {
  HardwareClock clock(*tsc_, false);
  clock.judge(static_cast<uint64_t>(tsc_->now_ns()), tsc_->now_ns());
  EXPECT_TRUE(clock.in_use());
  clock.switch_to(false);
  EXPECT_FALSE(clock.in_use());
  EXPECT_EQ(clock.state(), ClockState::Stepping);
  EXPECT_THAT(clock.describe(), HasSubstr("switched off"));
  for (int i = 0; i < 4; ++i) clock.maintain();
  EXPECT_EQ(clock.state(), ClockState::Steady);
  clock.switch_to(true);
  EXPECT_TRUE(clock.in_use());
  EXPECT_EQ(clock.state(), ClockState::Stepping);
}

TEST_F(HardwareClockTest, SeesAStepOfAClockThatItCannotRead) {
  HardwareClock clock(*tsc_, false);
  clock.judge(static_cast<uint64_t>(tsc_->now_ns()), tsc_->now_ns());
  clock.observe_lag(4'000);
  clock.observe_lag(9'000);
  clock.maintain();
  EXPECT_EQ(clock.state(), ClockState::Steady);
  clock.observe_lag(-50'000'000);  // stamps from the future
  clock.maintain();
  EXPECT_EQ(clock.state(), ClockState::Stepping);
  EXPECT_THAT(clock.describe(), HasSubstr("stepped by 50.0 ms"));
  clock.observe_lag(40 * kSecond_ns);  // and now they are nonsense
  clock.maintain();
  clock.observe_lag(40 * kSecond_ns);
  clock.maintain();
  EXPECT_EQ(clock.kind(), StampKind::Refused);
  EXPECT_FALSE(clock.in_use());
}

TEST_F(HardwareClockTest, FollowsTheTicksOfADevice) {
  constexpr double kTicksPerNs = 0.15625 * (1 + 50e-6);
  HardwareClock clock(*tsc_, false);
  const int64_t start = tsc_->now_ns();
  const auto ticks = [&](int64_t t) { return uint64_t{1'000'000} + static_cast<uint64_t>(static_cast<double>(t) * kTicksPerNs); };
  for (int64_t t = 0; t < 20; ++t) {
    const ClockSample reading{ticks(t * kSecond_ns / 4), start + t * kSecond_ns / 4, 100};
    clock.add_reading(reading, reading);
  }
  const int64_t arrival = 20 * kSecond_ns / 4;
  clock.judge(ticks(arrival), start + arrival + 3'000);
  EXPECT_EQ(clock.kind(), StampKind::Ticks);
  EXPECT_NEAR(clock.ns_per_tick(), 6.4 / (1 + 50e-6), 1e-5);
  const ClockMap map = clock.map();
  EXPECT_NEAR(static_cast<double>(map.to_ns(ticks(arrival + 30'000'000)) - map.to_ns(ticks(arrival))), 30'000'000, 1'000);
}

TEST_F(HardwareClockTest, DoubtsEveryHandshakeAcrossASwitchOfClocks) {
  HardwareClock clock(*tsc_, false);
  const int64_t now = tsc_->now_ns();
  clock.judge(static_cast<uint64_t>(now), now);
  clock.maintain(now);
  EXPECT_TRUE(clock.watch().holds_for(Timestamp{now}));
  clock.switch_to(false);
  EXPECT_FALSE(clock.watch().holds_for(Timestamp{now}));
  for (int64_t i = 1; i <= 5; ++i) clock.maintain(now + i * kSecond_ns / 4);
  EXPECT_FALSE(clock.watch().holds_for(Timestamp{now})) << "begun by the other clock";
  EXPECT_TRUE(clock.watch().holds_for(Timestamp{now + 2 * kSecond_ns}));
}

}  // namespace
}  // namespace wirewatch
