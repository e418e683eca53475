// SPDX-License-Identifier: BSD-3-Clause
// Every frame is counted once in every view of the traffic, and the answer is the same however the frames were cut
// into bursts or dealt out to workers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/rows.h"
#include "tests/pipeline/traffic_mix.h"

namespace wirewatch::testing {
namespace {

/// What was given, and the part of it that has no flow.
struct Given {
  Traffic all, without_flow;
};

Given given(const std::vector<SentFrame>& frames, const ParseOptions& options = {}) {
  Given sums;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Packet packet = packet_of(frames[i], i + 1);
    Layers layers;
    parse(packet, options, layers);
    sums.all += {1, packet.original_length};
    if (!layers.has_flow) sums.without_flow += {1, packet.original_length};
  }
  return sums;
}

TEST(Sums, BalanceForAnyMix) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const auto frames = traffic_mix(seed, 2000);
    const Given sums = given(frames);
    WorkerRun run;
    run.feed(frames).finish();
    EXPECT_EQ(check_sums(run, sums.all, sums.without_flow), "");
  }
}

TEST(Sums, BalanceWithEveryOption) {
  struct Row {
    std::string_view description;
    WorkerOptions options;
  };
  const std::vector<Row> rows{
      {"VLAN in the key", {.parse = {.vlan_in_key = true}}},
      {"network in the key", {.parse = {.vni_in_key = true}}},
      {"local networks", {.local_networks = {*IpPrefix::parse("10.0.0.0/30"), *IpPrefix::parse("2001:db8::/127")}}},
      {"inner destinations", {.inner_destinations = true}},
  };
  const auto frames = traffic_mix(50, 4000);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    const Given sums = given(frames, row.options.parse);
    WorkerRun run(row.options);
    run.feed(frames).finish();
    EXPECT_EQ(check_sums(run, sums.all, sums.without_flow), "");
  }
}

TEST(Sums, BalanceThoughEveryTableIsFull) {
  const auto frames = traffic_mix(60, 6000);
  const Given sums = given(frames);
  for (const size_t most : {1u, 3u, 10u}) {
    SCOPED_TRACE(most);
    WorkerRun run({.max_flows = most, .max_pending_syns = most, .max_table_rows = most, .max_name_bytes = 0});
    run.feed(frames).finish();
    EXPECT_EQ(check_sums(run, sums.all, sums.without_flow), "");
    EXPECT_GT(run.worker.counters().flows_evicted, 0u);
    EXPECT_GT(run.worker.counters().pending_syns_evicted, 0u);
    EXPECT_GT(run.worker.tables().destinations.refused(), 0u);
  }
}

TEST(Sums, BalanceForASynOfAnyClaimedLength) {
  for (const uint32_t length : {0u, 1u, 54u, 65'535u, 65'536u, 4'000'000'000u}) {
    SCOPED_TRACE(length);
    SentFrame frame = sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 443).syn(), 0);
    frame.original_length = length;
    WorkerRun run;
    run.feed(frame).finish();
    EXPECT_EQ(check_sums(run, {1, length}, {}), "");
  }
}

void describe(const std::vector<HierarchyNode>& nodes, const std::string& above, std::string& text) {
  for (const HierarchyNode& node : nodes) {
    const std::string path = above + "/" + std::string(node.protocol);
    const auto side = [](const std::optional<Traffic>& traffic) {
      return traffic ? fmt::format("{} {}", traffic->packets, traffic->bytes) : std::string("-");
    };
    text += fmt::format("{} {} {} sent {} received {}\n", path, node.traffic.packets, node.traffic.bytes, side(node.sent),
                        side(node.received));
    describe(node.children, path, text);
  }
}

/// All that several workers together say, in one order.
std::string account_of(const std::vector<std::unique_ptr<WorkerRun>>& runs) {
  std::vector<const Tables*> tables;
  std::vector<std::string> records;
  for (const auto& run : runs) {
    tables.push_back(&run->worker.tables());
    for (const FlowRecord& flow : run->flows) {
      records.push_back(fmt::format("flow {:09} {} {} {}:{} {}:{} {} {} {} {} {} {} {} {}", flow.first_frame, flow.first_time.ns,
                                    flow.last_time.ns, flow.client.address.to_string(), flow.client.port,
                                    flow.server.address.to_string(), flow.server.port, flow.ip_protocol, flow.application,
                                    to_string(flow.evidence), flow.to_server.packets, flow.to_server.bytes,
                                    flow.to_client.packets, flow.to_client.bytes, flow.client_known));
    }
    for (const HandshakeRecord& handshake : run->handshakes) {
      records.push_back(fmt::format("handshake {:09} {} {} {} {} {} {}", handshake.syn_frame, to_string(handshake.outcome),
                                    handshake.syn_ack_rtt_ns.value_or(-1), handshake.ack_rtt_ns.value_or(-1),
                                    handshake.initial_rtt_ns.value_or(-1), handshake.syn_retransmissions,
                                    handshake.syn_ack_retransmissions));
    }
  }
  std::sort(records.begin(), records.end());
  std::string text;
  for (const std::string& record : records) text += record + "\n";
  describe(build_hierarchy(tables, *small_rules(), "unsupported"), "", text);
  for (const Destination& row : rank_destinations(tables, SIZE_MAX).rows) {
    text += fmt::format("to {} {} {}\n", row.address.to_string(), row.traffic.packets, row.traffic.bytes);
    for (const DestinationPort& port : row.ports) {
      text += fmt::format("  {} {} {} {}\n", port.ip_protocol, port.port, port.traffic.packets, port.traffic.bytes);
    }
  }
  for (const EndpointRow& row : rank_endpoints(tables, SIZE_MAX).rows) {
    text += fmt::format("end {} {} {} {} {} {} {}\n", row.address.to_string(), row.sent.packets, row.sent.bytes,
                        row.received.packets, row.received.bytes, row.connections_opened, row.connections_accepted);
  }
  for (const Conversation& row : rank_conversations(tables, *small_rules(), SIZE_MAX).rows) {
    text += fmt::format("talk {} {}:{} {} {} {} {} {}\n", row.client.to_string(), row.server.address.to_string(),
                        row.server.port, row.ip_protocol, row.connections, row.to_server.bytes, row.to_client.bytes,
                        row.application);
  }
  return text;
}

TEST(Worker, SaysTheSameHoweverFramesAreCutIntoBursts) {
  const auto frames = traffic_mix(70, 3000);
  std::string first;
  for (const size_t burst_size : {64u, 1u, 2u, 7u, 63u}) {
    SCOPED_TRACE(burst_size);
    std::vector<std::unique_ptr<WorkerRun>> runs;
    runs.push_back(std::make_unique<WorkerRun>());
    runs.back()->feed(frames, burst_size).finish();
    const std::string account = account_of(runs);
    if (first.empty()) first = account;
    EXPECT_EQ(account, first);
  }
}

TEST(Worker, SaysTheSameHoweverManyShareTheWork) {
  const auto frames = traffic_mix(80, 3000);
  std::string first;
  for (const size_t workers : {1u, 2u, 3u, 7u}) {
    SCOPED_TRACE(workers);
    std::vector<std::vector<SentFrame>> shares(workers);
    std::vector<std::vector<uint64_t>> numbers(workers);
    for (size_t i = 0; i < frames.size(); ++i) {
      Layers layers;
      parse(packet_of(frames[i], i + 1), {}, layers);
      const size_t worker = (layers.has_flow ? layers.flow_hash : i) % workers;
      shares[worker].push_back(frames[i]);
      numbers[worker].push_back(i + 1);
    }
    std::vector<std::unique_ptr<WorkerRun>> runs;
    for (size_t worker = 0; worker < workers; ++worker) {
      runs.push_back(std::make_unique<WorkerRun>());
      constexpr size_t kBurst = 16;
      for (size_t at = 0; at < shares[worker].size(); at += kBurst) {
        const size_t count = std::min(kBurst, shares[worker].size() - at);
        runs.back()->process(std::span(shares[worker]).subspan(at, count), std::span(numbers[worker]).subspan(at, count));
      }
      runs.back()->finish();
    }
    const std::string account = account_of(runs);
    if (first.empty()) first = account;
    EXPECT_EQ(account, first);
  }
}

}  // namespace
}  // namespace wirewatch::testing
