// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/handshake_log.h"

#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/history/made_up.h"

namespace wirewatch {
namespace {

constexpr int64_t kStart = 1'000'000 * kSecond_ns;

TEST(HandshakeWindows, ForgetWhatIsOlderThanTheWindow) {
  struct Case {
    const char* description;
    int64_t after_s;
    uint64_t in_minute, in_five_minutes, in_hour;
  };
  constexpr std::array kCases{
      Case{"at once", 0, 1, 1, 1},
      Case{"within the minute", 55, 1, 1, 1},
      Case{"past the minute and its slice of 10 s", 71, 0, 1, 1},
      Case{"within five minutes", 290, 0, 1, 1},
      Case{"past five minutes and their slice of a minute", 361, 0, 0, 1},
      Case{"within the hour", 3590, 0, 0, 1},
      Case{"past the hour and its slice of five minutes", 3901, 0, 0, 0},
      Case{"a year later", 31'536'000, 0, 0, 0},
  };
  for (const Case& each : kCases) {
    HandshakeWindows windows({});
    windows.record(handshake_with({host(1), 443}, 1'000'000), kStart);
    const int64_t now = kStart + each.after_s * kSecond_ns;
    EXPECT_EQ(windows.summarise(HistoryWindow::Minute, now).totals.attempts, each.in_minute) << each.description;
    EXPECT_EQ(windows.summarise(HistoryWindow::FiveMinutes, now).totals.attempts, each.in_five_minutes) << each.description;
    EXPECT_EQ(windows.summarise(HistoryWindow::Hour, now).totals.attempts, each.in_hour) << each.description;
  }
}

TEST(HandshakeWindows, CountEveryHandshakeOnceWhileSlicesGoIntoLongerOnes) {
  HandshakeWindows windows({});
  for (int64_t second = 0; second < 3000; ++second) {
    const int64_t now = kStart + second * kSecond_ns;
    windows.record(handshake_with({host(1), 443}, 1'000'000), now);
    const uint64_t so_far = static_cast<uint64_t>(second) + 1;
    EXPECT_EQ(windows.summarise(HistoryWindow::Hour, now).totals.attempts, so_far);
    const uint64_t minute = windows.summarise(HistoryWindow::Minute, now).totals.attempts;
    EXPECT_GE(minute, std::min<uint64_t>(so_far, 60));
    EXPECT_LE(minute, 70u);
    const uint64_t five = windows.summarise(HistoryWindow::FiveMinutes, now).totals.attempts;
    EXPECT_GE(five, std::min<uint64_t>(so_far, 300));
    EXPECT_LE(five, 360u);
  }
}

TEST(HandshakeWindows, GroupByServerAndByPortWithTheMostAttemptsFirst) {
  HandshakeWindows windows({});
  windows.record(handshake_with({host(1), 443}, 1'000'000), kStart);
  windows.record(handshake_with({host(2), 443}, 9'000'000), kStart);
  windows.record(handshake_with({host(2), 443}, 9'000'000), kStart);
  windows.record(handshake_with({host(2), 22}, 2'000'000, 1), kStart);
  const auto summary = windows.summarise(HistoryWindow::Minute, kStart);
  ASSERT_EQ(summary.by_server.size(), 3u);
  EXPECT_EQ(summary.by_server[0].server, (Endpoint{host(2), 443}));
  EXPECT_EQ(summary.by_server[0].rtt.max_ns, 9'000'000);
  ASSERT_EQ(summary.by_port.size(), 2u);
  EXPECT_EQ(summary.by_port[0].server.port, 443);
  EXPECT_EQ(summary.by_port[0].rtt.count, 3u);
  EXPECT_EQ(summary.by_port[1].ambiguous, 1u);
  EXPECT_EQ(summary.by_port[1].rtt.count, 0u) << "a resent SYN leaves open which copy was answered";
}

TEST(HandshakeLog, LetsAFloodOfUnansweredOnesPushOutNoAnsweredOne) {
  HandshakeLog log({.recent = 100});
  HandshakeRecord unanswered = handshake_with({host(9), 80}, 0);
  unanswered.outcome = HandshakeOutcome::Unanswered;
  unanswered.syn_ack_rtt_ns.reset();
  for (int64_t i = 0; i < 1'000; ++i) {
    if (i < 50) log.observe(handshake_with({host(1), 443}, 1'000 + i), kStart);
    for (int copies = 0; copies < 10; ++copies) log.observe(unanswered, kStart);
  }
  log.observe(handshake_with({host(1), 443}, 2'000), kStart);
  std::vector<int64_t> answered;
  size_t all = 0;
  log.for_each_recent([&](const HandshakeRecord& each) {
    ++all;
    if (each.syn_ack_rtt_ns) answered.push_back(*each.syn_ack_rtt_ns);
    if (all == 1) {
      EXPECT_EQ(answered, std::vector<int64_t>{2'000}) << "newest first";
    }
    return true;
  });
  EXPECT_EQ(answered.size(), 51u);
  EXPECT_EQ(answered.back(), 1'000);
  EXPECT_EQ(all, 51u + 25u);
  EXPECT_EQ(log.totals().attempts, 10'051u);
}

TEST(HandshakeWindows, CountThoseOfASteppingClockApart) {
  HandshakeWindows windows({});
  HandshakeRecord wrong = handshake_with({host(1), 443}, 7'200'000'000'000);
  wrong.clock_unsteady = true;
  windows.record(wrong, kStart);
  windows.record(handshake_with({host(1), 443}, 1'000'000), kStart);
  const auto summary = windows.summarise(HistoryWindow::FiveMinutes, kStart);
  EXPECT_EQ(summary.totals.attempts, 2u);
  EXPECT_EQ(summary.totals.clock_unsteady, 1u);
  EXPECT_EQ(summary.totals.rtt.count, 1u);
  EXPECT_EQ(summary.by_server[0].rtt.max_ns, 1'000'000);
}

TEST(HandshakeWindows, PutWhatFindsNoRoomUnderOther) {
  HandshakeWindows windows({.servers = 2, .ports = 1});
  for (uint8_t i = 0; i < 10; ++i) windows.record(handshake_with({host(i), i}, 1'000'000), kStart);
  const auto summary = windows.summarise(HistoryWindow::Hour, kStart + 30 * kSecond_ns);
  ASSERT_EQ(summary.by_server.size(), 3u);
  EXPECT_TRUE(summary.by_server.back().other);
  EXPECT_EQ(summary.by_server.back().attempts, 8u);
  ASSERT_EQ(summary.by_port.size(), 2u);
  EXPECT_EQ(summary.by_port.back().attempts, 9u);
  EXPECT_EQ(summary.totals.attempts, 10u);
}

TEST(HandshakeWindows, KnowAnyPercentileOfAPortAndOfAll) {
  HandshakeWindows windows({});
  EXPECT_FALSE(windows.percentile_ns(HistoryWindow::Minute, 99, {}, kStart)) << "of nothing";
  for (int64_t i = 1; i <= 100; ++i) windows.record(handshake_with({host(1), 443}, i == 100 ? 80'000'000 : 1'000'000), kStart);
  windows.record(handshake_with({host(1), 80}, 5'000'000), kStart);
  EXPECT_EQ(windows.percentile_ns(HistoryWindow::Minute, 100, {}, kStart), 80'000'000);
  EXPECT_EQ(windows.percentile_ns(HistoryWindow::Minute, 99.5, 443, kStart), 80'000'000);
  EXPECT_LT(windows.percentile_ns(HistoryWindow::Minute, 99, 443, kStart), 1'091'000);
  EXPECT_EQ(windows.percentile_ns(HistoryWindow::Minute, 50, 80, kStart), 5'000'000);
  EXPECT_FALSE(windows.percentile_ns(HistoryWindow::Minute, 50, 22, kStart));
  EXPECT_FALSE(windows.percentile_ns(HistoryWindow::Minute, 50, {}, kStart + 200 * kSecond_ns)) << "an empty minute";
  EXPECT_TRUE(windows.percentile_ns(HistoryWindow::Hour, 50, {}, kStart + 200 * kSecond_ns));
}

}  // namespace
}  // namespace wirewatch
