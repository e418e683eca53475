// SPDX-License-Identifier: BSD-3-Clause
// What a worker does when there is more than it may keep: nothing is lost silently, and a flood of SYNs costs nobody
// else a measurement.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

/// Writes the client's address and port into a SYN that was built once; building 200,000 would take a minute.
void readdress(Bytes& syn, uint32_t address, uint16_t port) {
  constexpr size_t kSourceAddress = 14 + 12, kSourcePort = 14 + 20;
  for (size_t i = 0; i < 4; ++i) syn[kSourceAddress + i] = static_cast<uint8_t>(address >> (24 - 8 * i));
  syn[kSourcePort] = static_cast<uint8_t>(port >> 8);
  syn[kSourcePort + 1] = static_cast<uint8_t>(port);
}

std::string client_number(unsigned number) { return fmt::format("10.1.{}.{}", number / 250, 1 + number % 250); }

class SynFlood : public ::testing::Test {
 protected:
  static constexpr unsigned kFlood = 200'000, kClients = 400, kBetween = kFlood / kClients;

  /// The flood in bursts; every `kBetween` SYNs of it a client begins, is answered 1 ms later and acknowledges 1 ms after.
  void play() {
    Bytes syn = eth().ipv4("203.0.113.1", "10.0.0.80").tcp(1, 443).syn().bytes();
    std::mt19937 random(4);
    std::vector<SentFrame> burst;
    const auto add = [&](const FrameBuilder& frame) { burst.push_back(sent(frame, now_ns_)); };
    for (unsigned i = 0; i < kFlood; ++i, now_ns_ += 10'000) {
      readdress(syn, static_cast<uint32_t>(random()) | 0x80000000u, static_cast<uint16_t>(random()));
      burst.push_back({syn, Timestamp{now_ns_}});
      const unsigned phase = i % kBetween;
      const std::string client = client_number(i / kBetween);
      if (phase == 0) add(eth().ipv4(client, "10.0.0.80").tcp(40000, 443).syn().seq(7));
      if (phase == 100) add(eth().ipv4("10.0.0.80", client).tcp(443, 40000).syn_ack().seq(9).ack_number(8));
      if (phase == 200) add(eth().ipv4(client, "10.0.0.80").tcp(40000, 443).ack().seq(8).ack_number(10));
      if (burst.size() >= kBurstSize) flush(burst);
      if (i == kFlood / 4) settled_bytes_ = run_.worker.memory_bytes();
    }
    flush(burst);
  }
  void flush(std::vector<SentFrame>& burst) {
    for (const SentFrame& frame : burst) given_ += {1, frame.bytes.size()};
    run_.feed(burst);
    burst.clear();
  }

  WorkerRun run_{{.max_flows = 2000, .max_pending_syns = 4000, .max_table_rows = 1000}};
  Traffic given_;
  int64_t now_ns_ = 0;
  size_t settled_bytes_ = 0;
};

TEST_F(SynFlood, CostsNoEstablishedMeasurementAndNoMemory) {
  play();
  // 150,000 SYNs later there is only what the flows of the clients take; a table of the flood would be 5 MB.
  constexpr size_t kIndexOfClients = 64 << 10;
  EXPECT_LE(run_.worker.memory_bytes(), settled_bytes_ + kIndexOfClients);
  EXPECT_EQ(run_.worker.counters().flows_evicted, 0u);
  EXPECT_GE(run_.worker.counters().pending_syns_evicted, kFlood - 5000u);
  EXPECT_LE(run_.worker.counters().pending_syns_evicted, uint64_t{kFlood});
  run_.finish();
  const auto established = std::count_if(run_.handshakes.begin(), run_.handshakes.end(), [](const HandshakeRecord& each) {
    return each.outcome == HandshakeOutcome::Established && each.syn_ack_rtt_ns == kMillisecond &&
           each.ack_rtt_ns == kMillisecond && !each.ambiguous();
  });
  EXPECT_EQ(established, kClients);
  const auto unanswered = std::count_if(run_.handshakes.begin(), run_.handshakes.end(), [](const HandshakeRecord& each) {
    return each.outcome == HandshakeOutcome::Unanswered;
  });
  EXPECT_GE(unanswered, kFlood - 100) << "less what met the same address and port again";
  EXPECT_EQ(check_sums(run_, given_, {}), "");
}

TEST(Worker, EvictsFlowsAtItsBoundAndCountsThem) {
  constexpr unsigned kMost = 100, kFlows = 1000;
  WorkerRun run({.max_flows = kMost, .max_early_flows = 0});
  Traffic given;
  size_t most_bytes = 0;
  for (unsigned i = 0; i < kFlows; ++i) {
    const SentFrame frame = sent(eth().ipv4(client_number(i), "10.0.0.53").udp(40000, 53).payload("query"), i * kMillisecond);
    given += {1, frame.bytes.size()};
    run.feed(frame);
    if (i == kMost) most_bytes = run.worker.memory_bytes();
  }
  EXPECT_EQ(run.worker.counters().flows_evicted, kFlows - kMost);
  EXPECT_EQ(run.flows.size(), kFlows - kMost) << "what gave way was handed on";
  EXPECT_EQ(run.worker.counters().early_flows_unnamed, kFlows - kMost) << "nobody could teach it a host any more";
  EXPECT_LE(run.worker.memory_bytes(), most_bytes * 2);
  run.finish();
  EXPECT_EQ(run.flows.size(), kFlows);
  EXPECT_EQ(check_sums(run, given, {}), "");
}

TEST(Worker, KeepsTheBusyFlowWhenIdleOnesGiveWay) {
  WorkerRun run({.max_flows = 16});
  const FrameBuilder busy = eth().ipv4("10.9.9.9", "10.0.0.53").udp(40000, 53).payload("query");
  for (unsigned i = 0; i < 500; ++i) {
    run.feed(sent(busy, i * kMillisecond));
    run.feed(sent(eth().ipv4(client_number(i), "10.0.0.53").udp(40000, 53), i * kMillisecond));
  }
  run.finish();
  const auto busy_flows = std::count_if(run.flows.begin(), run.flows.end(),
                                        [](const FlowRecord& flow) { return flow.client.address.to_string() == "10.9.9.9"; });
  EXPECT_EQ(busy_flows, 1);
}

TEST(Worker, NamesFlowsAndTellsGuessesFromWhatWasSeen) {
  WorkerRun run;
  run.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999).ack().payload("hello there"), 1));
  run.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53).payload("query"), 2));
  run.feed(sent(eth().ipv4("10.0.0.3", "10.0.0.2").udp(40000, 53).payload("gibberish"), 3));
  run.feed(sent(eth().ipv4("10.0.0.4", "10.0.0.2").udp(40000, 5353).payload("gibberish"), 4));
  run.finish();
  std::sort(run.flows.begin(), run.flows.end(),
            [](const FlowRecord& a, const FlowRecord& b) { return a.first_frame < b.first_frame; });
  ASSERT_EQ(run.flows.size(), 4u);
  const auto said = [&](size_t i) {
    return fmt::format("{} by {}", small_rules()->application_name(run.flows[i].application), to_string(run.flows[i].evidence));
  };
  EXPECT_EQ(said(0), "greeting by payload");
  EXPECT_EQ(said(1), "asking by payload");
  EXPECT_EQ(said(2), "asking by port");
  EXPECT_EQ(said(3), "unknown by none");
}

}  // namespace
}  // namespace wirewatch::testing
