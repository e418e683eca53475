// SPDX-License-Identifier: BSD-3-Clause
// Handshakes of a live port wait until its clock has been read after their end: for how long, how many, and what becomes
// of those that cannot.
#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

constexpr size_t kRoom = 8;

class VouchingTest : public ::testing::Test {
 protected:
  static WorkerOptions options(const ClockWatch& watch) {
    WorkerOptions options{.pass_ns = kSecond_ns, .rtt_ports = 4};
    options.clocks.add(&watch);
    options.max_waiting_handshakes = kRoom;
    return options;
  }
  void syn(uint16_t port, uint32_t sequence = 100) { feed(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443).syn().seq(sequence)); }
  void syn_ack(uint16_t port) { feed(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, port).syn_ack().seq(500).ack_number(101)); }
  void ack(uint16_t port) { feed(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443).ack().seq(101).ack_number(501)); }
  void answer(uint16_t port) {
    syn_ack(port);
    ack(port);
  }
  void connect(uint16_t port) {
    syn(port);
    answer(port);
  }
  void read(bool steady = true) {
    watch_.begin_reading();
    watch_.observe(steady, {now_});
  }
  void go_round() { run_.worker.maintain({now_}, 256); }
  uint64_t in_histograms() const { return run_.worker.rtts().all().count(); }

  ClockWatch watch_;
  WorkerRun run_{options(watch_), RuleSet::none()};

 private:
  void feed(const FrameBuilder& frame) { run_.feed(sent(frame, now_ += kMillisecond)); }
  int64_t now_ = kSecond_ns;
};

TEST_F(VouchingTest, IsByTheFirstReadingThatBeginsAfterTheEnd) {
  read();
  connect(1'000);
  go_round();
  EXPECT_TRUE(run_.handshakes.empty()) << "the reading was before it";
  EXPECT_EQ(in_histograms(), 0u);
  read();
  go_round();
  ASSERT_EQ(run_.handshakes.size(), 1u);
  EXPECT_FALSE(run_.handshakes[0].clock_unsteady);
  EXPECT_EQ(in_histograms(), 1u);
}

TEST_F(VouchingTest, IsNotByAReadingThatIsUnderWay) {
  watch_.begin_reading();
  connect(1'000);
  watch_.observe(true, {kSecond_ns});  // the clock may have been read before the last packet was stamped
  go_round();
  EXPECT_TRUE(run_.handshakes.empty());
  read();
  go_round();
  EXPECT_EQ(run_.handshakes.size(), 1u);
}

TEST_F(VouchingTest, FlagsWhatTheReadingFindsOutAboutTheTimeBefore) {
  connect(1'000);
  syn(2'000);
  read(false);
  go_round();
  ASSERT_EQ(run_.handshakes.size(), 1u);
  EXPECT_TRUE(run_.handshakes[0].clock_unsteady);
  read();
  answer(2'000);
  EXPECT_TRUE(run_.handshakes.at(1).clock_unsteady) << "begun before, and known at once";
  connect(3'000);
  read();
  go_round();
  EXPECT_FALSE(run_.handshakes.at(2).clock_unsteady);
  EXPECT_EQ(in_histograms(), 1u);
}

TEST_F(VouchingTest, FlagsWhatWasBegunByStampsFromTheFuture) {
  syn(1'000);       // stamped far ahead, so that it seems to have begun after the clock was steady again
  read(false);
  watch_.begin_reading();
  watch_.observe(true, {0});
  answer(1'000);
  read();
  go_round();
  ASSERT_EQ(run_.handshakes.size(), 1u);
  EXPECT_TRUE(run_.handshakes[0].clock_unsteady);
}

TEST_F(VouchingTest, IsNotNeededWhereNothingWasTimed) {
  syn(1'000);
  syn(1'000, 700);  // another attempt
  ASSERT_EQ(run_.handshakes.size(), 1u);
  EXPECT_EQ(run_.handshakes[0].outcome, HandshakeOutcome::Unanswered);
}

TEST_F(VouchingTest, IsGivenUpWhenTooManyWaitAndSaysSo) {
  for (uint16_t port = 1; port <= kRoom + 3; ++port) connect(port);
  ASSERT_EQ(run_.handshakes.size(), 3u) << "the last ones go on";
  for (const HandshakeRecord& each : run_.handshakes) EXPECT_TRUE(each.clock_unsteady);
  EXPECT_EQ(run_.worker.counters().handshakes_unvouched, 3u);
  EXPECT_EQ(in_histograms(), 0u);
  read();
  go_round();
  EXPECT_EQ(run_.handshakes.size(), kRoom + 3);
  EXPECT_EQ(in_histograms(), kRoom);
}

TEST_F(VouchingTest, SparesARingOfEventsThatIsHalfFullUntilTheReadingAfter) {
  run_.takes = false;
  connect(1'000);
  read();
  go_round();
  EXPECT_TRUE(run_.handshakes.empty());
  read();
  go_round();
  EXPECT_EQ(run_.handshakes.size(), 1u);
}

TEST_F(VouchingTest, IsByTheReadingAfterTheLastPacketAtTheEnd) {
  connect(1'000);
  syn(2'000);
  syn_ack(2'000);
  run_.worker.last_packet_was();
  read();
  run_.finish();
  ASSERT_EQ(run_.handshakes.size(), 2u);
  EXPECT_EQ(run_.handshakes[1].outcome, HandshakeOutcome::HalfOpen);
  for (const HandshakeRecord& each : run_.handshakes) EXPECT_FALSE(each.clock_unsteady);
  EXPECT_EQ(in_histograms(), 2u);
}

TEST_F(VouchingTest, IsNotAssumedAtTheEndWithoutAReading) {
  read();
  connect(1'000);
  syn(2'000);
  syn_ack(2'000);
  run_.worker.last_packet_was();
  run_.finish();
  ASSERT_EQ(run_.handshakes.size(), 2u);
  for (const HandshakeRecord& each : run_.handshakes) EXPECT_TRUE(each.clock_unsteady);
  EXPECT_EQ(in_histograms(), 0u);
}

TEST_F(VouchingTest, AsksEveryClockOfAPair) {
  ClockWatch other;
  WorkerOptions both = options(watch_);
  both.clocks.add(&other);
  both.clocks.add(nullptr);
  both.clocks.add(&watch_);
  const ClockWatches::Readings before = both.clocks.readings_begun();
  read();
  EXPECT_EQ(both.clocks.readings_since(before), 0u) << "one of them was not read";
  other.begin_reading();
  other.observe(true, {0});
  EXPECT_EQ(both.clocks.readings_since(before), 1u);
  const uint16_t epoch = both.clocks.epoch();
  other.doubt();
  EXPECT_NE(both.clocks.epoch(), epoch);
  EXPECT_FALSE(both.clocks.hold_for({kSecond_ns}));
}

}  // namespace
}  // namespace wirewatch::testing
