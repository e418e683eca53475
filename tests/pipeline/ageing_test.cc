// SPDX-License-Identifier: BSD-3-Clause
// Flows end by packet time: each kind after its own silence, and no odd time ends them all or keeps them for ever.
#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/live_run.h"

namespace wirewatch::testing {
namespace {

constexpr int64_t kStart = 1'700'000'000 * kSecond_ns;

FrameBuilder client_says(uint16_t port = 40000) { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443); }
FrameBuilder server_says(uint16_t port = 40000) { return eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, port); }

TEST(Ageing, EndsEachKindOfFlowAfterItsOwnSilence) {
  struct Row {
    std::string_view description;
    std::vector<FrameBuilder> frames;
    int64_t after_s;
    CloseReason reason;
  };
  const std::vector<Row> rows{
      {"an established connection",
       {client_says().syn().seq(1), server_says().syn_ack().seq(5).ack_number(2), client_says().ack().seq(2).ack_number(6)},
       300,
       CloseReason::Idle},
      {"one that was reset", {client_says().ack().seq(1), server_says().rst()}, 5, CloseReason::Ended},
      {"one that both ends finished", {client_says().flags(kFin | kAck).seq(1), server_says().flags(kFin | kAck).seq(1)}, 5, CloseReason::Ended},
      {"one that one end finished", {client_says().flags(kFin | kAck).seq(1)}, 300, CloseReason::Idle},
      {"a SYN sent twice", {client_says().syn().seq(1), client_says().syn().seq(1)}, 10, CloseReason::Idle},
      {"a SYN,ACK that nobody acknowledged", {client_says().syn().seq(1), server_says().syn_ack().seq(5).ack_number(2)}, 10, CloseReason::Idle},
      {"a datagram", {eth().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53).payload("query")}, 60, CloseReason::Idle},
      {"IPv6", {eth().ipv6("2001:db8::1", "2001:db8::2").udp(40000, 53).payload("query")}, 60, CloseReason::Idle},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    LiveRun live;
    for (const FrameBuilder& frame : row.frames) live.feed(sent(frame, kStart));
    live.wait_until(Timestamp{kStart + (row.after_s - 1) * kSecond_ns});
    EXPECT_EQ(live.worker.worker().live_counters().open_flows, 1u);
    live.wait_until(Timestamp{kStart + (row.after_s + 3) * kSecond_ns});
    EXPECT_EQ(live.worker.worker().live_counters().open_flows, 0u);
    EXPECT_EQ(live.worker.worker().live_counters().flows_expired, 1u);
    live.drain();
    ASSERT_FALSE(live.flows.empty());
    EXPECT_EQ(live.flows.back().progress.reason, row.reason);
  }
}

TEST(Ageing, TellsOfASynThatNobodyAnswered) {
  LiveRun live;
  live.feed(sent(client_says().syn().seq(1), kStart));
  live.feed(sent(eth().ipv6("2001:db8::1", "2001:db8::2").tcp(40000, 443).syn().seq(1), kStart));
  live.wait_until(Timestamp{kStart + 9 * kSecond_ns});
  live.drain();
  EXPECT_TRUE(live.handshakes.empty());
  live.wait_until(Timestamp{kStart + 13 * kSecond_ns});
  live.drain();
  ASSERT_EQ(live.handshakes.size(), 2u);
  EXPECT_EQ(live.handshakes[0].outcome, HandshakeOutcome::Unanswered);
  EXPECT_EQ(live.handshakes[0].syn_time, Timestamp{kStart});
  EXPECT_EQ(live.worker.worker().live_counters().pending_syns_expired, 2u);
  EXPECT_EQ(live.worker.worker().live_counters().not_yet_folded.packets, 0u);
}

TEST(Ageing, DoesNotEndEverythingForOneTimeFarAhead) {
  LiveRun live;
  for (uint16_t i = 0; i < 50; ++i) live.feed(sent(client_says(static_cast<uint16_t>(40000 + i)).ack(), kStart));
  for (int i = 0; i < 20; ++i) {
    live.feed(sent(client_says(1).ack(), kStart + 3'000'000 * kSecond_ns + i * 100'000 * kSecond_ns));  // no two agree
    live.feed(sent(client_says(2).ack(), kStart + i * kMillisecond));
  }
  live.wait_until(Timestamp{kStart + 5 * kSecond_ns});
  EXPECT_EQ(live.worker.worker().live_counters().open_flows, 52u);
  EXPECT_EQ(live.worker.worker().live_counters().flows_expired, 0u);
  EXPECT_GT(live.worker.worker().live_counters().wrong_times, 0u) << "the flow with times far ahead would stay for ever";
  live.wait_until(Timestamp{kStart + 400 * kSecond_ns});
  EXPECT_EQ(live.worker.worker().live_counters().open_flows, 0u);
}

TEST(Ageing, GoesOnAfterTheClockWasSetBack) {
  LiveRun live;
  live.feed(sent(client_says().ack(), kStart));
  live.wait_until(Timestamp{kStart + kSecond_ns});
  constexpr int64_t kBack = kStart - 100'000 * kSecond_ns;
  for (int i = 0; i < 100; ++i) live.feed(sent(client_says(2).ack(), kBack + i * kMillisecond));
  live.wait_until(Timestamp{kBack + 310 * kSecond_ns});
  EXPECT_EQ(live.worker.worker().live_counters().open_flows, 0u);
}

TEST(Ageing, UsesTheSlotsOfEndedFlowsForOthersWithAnotherId) {
  LiveRun live;
  std::vector<FlowId> ids;
  for (int64_t i = 0; i < 3; ++i) {
    live.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.2").udp(static_cast<uint16_t>(40000 + i), 53).payload("query"), kStart + i * 100 * kSecond_ns));
    live.wait_until(Timestamp{kStart + (i * 100 + 70) * kSecond_ns});
    live.drain();
    ids.push_back(live.flows.back().progress.id);
  }
  EXPECT_EQ(ids[0].slot, ids[2].slot);
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
}

TEST(Ageing, KeepsTablesFromFillingUpWithAFlood) {
  SharedLimits limits = small_limits();
  limits.table_rows = 1000;
  LiveRun live(live_options(), small_rules(), limits);
  for (uint32_t i = 0; i < 20'000; ++i) {
    const std::string address = "203." + std::to_string(i / 62'500) + "." + std::to_string(i / 250 % 250) + "." + std::to_string(1 + i % 250);
    live.feed(sent(eth().ipv4(address, "10.0.0.2").tcp(40000, 443).syn().seq(i), kStart + i * kMillisecond));
  }
  live.wait_until(Timestamp{kStart + 60 * kSecond_ns});
  const Worker& worker = live.worker.worker();
  EXPECT_EQ(worker.live_counters().pending_syns, 0u);
  EXPECT_EQ(worker.live_counters().not_yet_folded.packets, 0u);
  EXPECT_LE(worker.tables().endpoints.size(), 510u);
  EXPECT_GT(worker.tables().endpoints.refused(), 0u);
  const Traffic* const server = worker.tables().destinations.find({IpAddress::parse("10.0.0.2")->bytes, 443, IpFamily::V4, 6});
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->packets, 20'000u);
}

TEST(Ageing, IsNothingThatASavedCaptureKnows) {
  WorkerRun run;
  run.feed(sent(client_says().ack(), kStart));
  run.worker.maintain(Timestamp{kStart + 1'000'000 * kSecond_ns}, 1000);
  EXPECT_TRUE(run.flows.empty());
}

}  // namespace
}  // namespace wirewatch::testing
