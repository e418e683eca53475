// SPDX-License-Identifier: BSD-3-Clause
// What stamps of a device are taken for: UTC, TAI, ticks, or nonsense.
#include "dataplane/base/timestamp.h"
#include "dataplane/source/hardware_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/worker_run.h"

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
  for (int64_t t = 0; t < 20; ++t) clock.add_reading({ticks(t * kSecond_ns / 4), start + t * kSecond_ns / 4, 100});
  const int64_t arrival = 20 * kSecond_ns / 4;
  clock.judge(ticks(arrival), start + arrival + 3'000);
  EXPECT_EQ(clock.kind(), StampKind::Ticks);
  EXPECT_NEAR(clock.ns_per_tick(), 6.4 / (1 + 50e-6), 1e-5);
  const ClockMap map = clock.map();
  EXPECT_NEAR(static_cast<double>(map.to_ns(ticks(arrival + 30'000'000)) - map.to_ns(ticks(arrival))), 30'000'000, 1'000);
}

/// A port whose NIC stamps with ticks as mlx5 does, 50 ppm off, and the worker that times handshakes by them.
class TickingPort {
 public:
  explicit TickingPort(const TscClock& tsc) : clock_(tsc, false), start_(tsc.now_ns()), run_({.rtt_ports = 4, .clocks = {&clock_.steady(), nullptr}}, RuleSet::none()) {
    for (; at_ < 3 * kSecond_ns; at_ += kReadEvery) read();
    clock_.judge(ticks(), start_ + at_ + kDelay);
  }

  void step(int64_t by_ns) { stepped_ns_ += by_ns; }
  void wait(int64_t ns) {
    for (const int64_t until = at_ + ns; at_ < until;) {
      const int64_t next = std::min(until, at_ - at_ % kReadEvery + kReadEvery);
      at_ = next;
      if (at_ % kReadEvery == 0) read();
    }
  }
  void syn() { receive(testing::eth().ipv4("10.0.0.1", "10.0.0.2").tcp(++port_, 443).syn().seq(100).bytes()); }
  void syn_ack() { receive(testing::eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, port_).syn_ack().seq(500).ack_number(101).bytes()); }
  void ack() { receive(testing::eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port_, 443).ack().seq(101).ack_number(501).bytes()); }
  const HandshakeRecord& handshake(int64_t rtt_ns) {
    syn();
    wait(rtt_ns);
    syn_ack();
    ack();
    return run_.handshakes.back();
  }
  const HandshakeRecord& last() const { return run_.handshakes.back(); }
  uint64_t in_histograms() const { return run_.worker.rtts().all().count(); }

 private:
  static constexpr int64_t kReadEvery = kSecond_ns / 4, kDelay = 3'000;

  uint64_t ticks() const {
    return uint64_t{123'456'789} + static_cast<uint64_t>(static_cast<double>(at_ + stepped_ns_) * 0.15625 * (1 + 50e-6));
  }
  void read() {
    clock_.add_reading({ticks(), start_ + at_, 150});
    clock_.maintain(start_ + at_);
  }
  /// As a burst of one frame that is taken a moment after it came.
  void receive(testing::Bytes bytes) {
    const int64_t time = clock_.map().to_ns(ticks());
    clock_.observe_lag(start_ + at_ + kDelay - time);
    run_.feed({std::move(bytes), Timestamp{time}});
  }

  HardwareClock clock_;
  int64_t start_;
  int64_t at_ = 0, stepped_ns_ = 0;  // since the start
  uint16_t port_ = 1'000;
  testing::WorkerRun run_;
};

TEST_F(HardwareClockTest, TimesHandshakesByTicksToAMicrosecondAndFlagsThemWhileTheyStep) {
  TickingPort port(*tsc_);
  for (const int64_t rtt : {int64_t{80'000}, int64_t{3'000'000}, int64_t{180'000'000}}) {
    const HandshakeRecord& timed = port.handshake(rtt);
    EXPECT_NEAR(static_cast<double>(*timed.syn_ack_rtt_ns), static_cast<double>(rtt), 1'000);
    EXPECT_FALSE(timed.clock_unsteady);
  }
  struct Step {
    const char* what;
    int64_t by_ns;
  };
  uint64_t good = 3;
  for (const Step& step : {Step{"ahead", 7'000'000}, {"back", -90'000'000}, {"by hours", 7'200 * kSecond_ns}}) {
    port.syn();
    port.wait(1'000'000);
    port.step(step.by_ns);
    port.syn_ack();  // nobody has read the clock since
    port.ack();
    EXPECT_TRUE(port.last().clock_unsteady) << step.what << ", across the step";
    EXPECT_GT(std::abs(*port.last().syn_ack_rtt_ns - 1'000'000), 1'000'000);
    port.wait(260'000'000);
    EXPECT_TRUE(port.handshake(1'000'000).clock_unsteady) << step.what << ", while it settles";
    port.syn();
    port.wait(2 * kSecond_ns);
    port.syn_ack();
    port.ack();
    EXPECT_TRUE(port.last().clock_unsteady) << step.what << ", begun while it settled";
    const HandshakeRecord& after = port.handshake(2'000'000);
    EXPECT_FALSE(after.clock_unsteady) << step.what;
    EXPECT_EQ(port.in_histograms(), ++good);
    EXPECT_NEAR(static_cast<double>(*after.syn_ack_rtt_ns), 2e6, 1'000) << step.what;
  }
}

TEST_F(HardwareClockTest, DoubtsEveryHandshakeAcrossASwitchOfClocks) {
  HardwareClock clock(*tsc_, false);
  const int64_t now = tsc_->now_ns();
  clock.judge(static_cast<uint64_t>(now), now);
  clock.maintain(now);
  EXPECT_TRUE(clock.steady().holds_for(Timestamp{now}));
  clock.switch_to(false);
  EXPECT_FALSE(clock.steady().holds_for(Timestamp{now}));
  for (int64_t i = 1; i <= 5; ++i) clock.maintain(now + i * kSecond_ns / 4);
  EXPECT_FALSE(clock.steady().holds_for(Timestamp{now})) << "begun by the other clock";
  EXPECT_TRUE(clock.steady().holds_for(Timestamp{now + 2 * kSecond_ns}));
}

}  // namespace
}  // namespace wirewatch
