// SPDX-License-Identifier: BSD-3-Clause
// What inspect() makes of its options and of files that are absent, empty, cut off or several.
#include "control/replay/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

struct TimedFrame {
  FrameBuilder frame;
  uint32_t microseconds;
};

Bytes capture_of(const std::vector<TimedFrame>& frames, uint32_t link_type = 1) {
  PcapBuilder pcap({.link_type = link_type});
  for (const TimedFrame& each : frames) pcap.record(1'700'000'000, each.microseconds, each.frame.bytes());
  return pcap.bytes();
}

/// A connection in which "hello" is said, from `client` to 10.0.0.80.
std::vector<TimedFrame> greeting(std::string_view client, uint32_t start = 0) {
  constexpr std::string_view kServer = "10.0.0.80";
  const auto there = [&] { return eth().ipv4(client, kServer).tcp(40000, 7000); };
  const auto back = [&] { return eth().ipv4(kServer, client).tcp(7000, 40000); };
  return {{there().syn().seq(1), start},
          {back().syn_ack().seq(10).ack_number(2), start + 5000},
          {there().ack().seq(2).ack_number(11), start + 6000},
          {there().flags(kAck | kPsh).seq(2).ack_number(11).payload("hello there"), start + 7000},
          {back().ack().seq(11).ack_number(13), start + 8000}};
}

InspectOptions options_for(std::vector<std::string> paths) {
  InspectOptions options;
  options.paths = std::move(paths);
  options.rules = small_rules();
  options.keep_handshakes = true;
  options.keep_flows = true;
  return options;
}

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

uint64_t count_of(const NamedCounts& counts, std::string_view name) {
  const auto row = std::find_if(counts.begin(), counts.end(), [&](const auto& each) { return each.first == name; });
  return row == counts.end() ? 0 : row->second;
}

TEST(Inspect, ReportsAConnection) {
  const TemporaryFile file(capture_of(greeting("10.0.0.1")));
  const auto report = inspect(options_for({file.path()}));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->capture.path, file.path());
  EXPECT_EQ(report->capture.format, "pcap");
  EXPECT_EQ(report->capture.link_type, "EN10MB");
  EXPECT_EQ(report->capture.timestamp_resolution_ns, 1000);
  EXPECT_FALSE(report->capture.truncated);
  EXPECT_EQ(report->capture.traffic.packets, 5u);
  ASSERT_EQ(report->handshakes.size(), 1u);
  EXPECT_EQ(report->handshakes[0].syn_ack_rtt_ns, 5'000'000);
  EXPECT_EQ(report->rtt_overall.p50_ns, 5'000'000);
  ASSERT_EQ(report->flows.size(), 1u);
  EXPECT_EQ(report->application_names.at(report->flows[0].application), "greeting");
  ASSERT_EQ(report->applications.size(), 1u);
  EXPECT_EQ(report->applications[0].name, "greeting");
  EXPECT_EQ(report->applications[0].sent.packets, 3u);
  EXPECT_EQ(report->applications[0].received.packets, 2u);
  EXPECT_EQ(report->accounting.classified, 1u);
  EXPECT_FALSE(report->policy_given);
  EXPECT_TRUE(report->unwanted.empty());
}

TEST(Inspect, LeavesOutWhatWasNotToBeKept) {
  const TemporaryFile file(capture_of(greeting("10.0.0.1")));
  InspectOptions options = options_for({file.path()});
  options.keep_handshakes = options.keep_flows = false;
  const auto report = inspect(options);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->handshakes.empty());
  EXPECT_TRUE(report->flows.empty());
  EXPECT_EQ(report->handshake_count, 1u);
  EXPECT_EQ(report->flow_count, 1u);
  EXPECT_EQ(report->handshake_totals.established, 1u);
}

TEST(Inspect, FailsWithTheReasonWhenThereIsNothingToRead) {
  const auto absent = inspect(options_for({"/nowhere/at-all.pcap"}));
  ASSERT_FALSE(absent);
  EXPECT_TRUE(says(absent.error().message, "/nowhere/at-all.pcap")) << absent.error().message;
  const TemporaryFile empty(Bytes{});
  const auto nothing = inspect(options_for({empty.path()}));
  ASSERT_FALSE(nothing);
  EXPECT_TRUE(says(nothing.error().message, empty.path())) << nothing.error().message;
  EXPECT_FALSE(inspect(options_for({})));
}

TEST(Inspect, ReportsOnAFileWithoutFrames) {
  const TemporaryFile file(capture_of({}));
  const auto report = inspect(options_for({file.path()}));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->capture.traffic, Traffic{});
  EXPECT_FALSE(report->capture.first_timestamp);
  EXPECT_FALSE(report->rtt_overall.p50_ns);
  EXPECT_EQ(report->capture.link_type, "EN10MB");
  EXPECT_TRUE(report->protocol_hierarchy.empty());
}

TEST(Inspect, ReportsWhatCouldBeReadOfACutOffFile) {
  Bytes bytes = capture_of(greeting("10.0.0.1"));
  bytes.resize(bytes.size() - 3);
  const TemporaryFile file(bytes);
  const auto report = inspect(options_for({file.path()}));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->capture.truncated);
  EXPECT_NE(report->capture.damage, "");
  EXPECT_EQ(report->capture.traffic.packets, 4u);
  EXPECT_EQ(count_of(report->capture.unread, "truncated_record"), 1u);
  EXPECT_EQ(report->handshakes.size(), 1u);
}

TEST(Inspect, ReadsSeveralFilesAsOneCapture) {
  // The connection begins in one file and ends in the next.
  std::vector<TimedFrame> begin = greeting("10.0.0.1"), end(begin.begin() + 1, begin.end());
  begin.resize(1, begin.front());
  const TemporaryFile first(capture_of(begin)), second(capture_of(end));
  const auto report = inspect(options_for({first.path(), second.path()}));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->capture.traffic.packets, 5u);
  ASSERT_EQ(report->flows.size(), 1u);
  EXPECT_EQ(report->flows[0].total().packets, 5u);
  ASSERT_EQ(report->handshakes.size(), 1u);
  EXPECT_EQ(report->handshakes[0].syn_ack_rtt_ns, 5'000'000);
}

TEST(Inspect, NamesTheLaterFileThatCouldNotBeRead) {
  const TemporaryFile good(capture_of(greeting("10.0.0.1")));
  const std::string absent = good.path() + ".absent";
  const auto report = inspect(options_for({good.path(), absent}));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->capture.truncated);
  EXPECT_TRUE(says(report->capture.damage, absent)) << report->capture.damage;
  EXPECT_EQ(count_of(report->capture.unread, "unreadable_file"), 1u);
  EXPECT_EQ(report->capture.traffic.packets, 5u);
}

TEST(Inspect, ListsUnwantedFlowsByNameOrCategory) {
  std::vector<TimedFrame> frames = greeting("10.0.0.1");
  frames.push_back({eth().ipv4("10.0.0.2", "10.0.0.53").udp(40000, 53).payload("query"), 9000});
  frames.push_back({eth().ipv4("10.0.0.3", "10.0.0.53").udp(40000, 53).payload("a guess from the port only"), 9500});
  const TemporaryFile file(capture_of(frames));
  struct Row {
    std::string_view description;
    std::vector<std::string> names;
    size_t listed;
  };
  const std::vector<Row> rows{
      {"one application", {"greeting"}, 1}, {"the other; a guess is not listed", {"asking"}, 1}, {"both by category", {"test"}, 2}, {"one twice", {"greeting", "greeting"}, 1}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    InspectOptions options = options_for({file.path()});
    options.unwanted = row.names;
    const auto report = inspect(options);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->policy_given);
    EXPECT_EQ(report->unwanted.size(), row.listed);
  }
  InspectOptions options = options_for({file.path()});
  options.unwanted = {"greeting"};
  const auto report = inspect(options);
  ASSERT_EQ(report->unwanted.size(), 1u);
  const UnwantedRow& listed = report->unwanted[0];
  EXPECT_EQ(listed.application, "greeting");
  EXPECT_EQ(listed.category, "test");
  EXPECT_EQ(listed.client.address.to_string(), "10.0.0.1");
  EXPECT_EQ(listed.server.port, 7000);
  EXPECT_EQ(listed.evidence, Evidence::Payload);
  EXPECT_EQ(listed.traffic.packets, 5u);
}

TEST(Inspect, SuggestsTheNearestNameForAnUnwantedOneItDoesNotKnow) {
  const TemporaryFile file(capture_of(greeting("10.0.0.1")));
  InspectOptions options = options_for({file.path()});
  options.unwanted = {"greting"};
  const auto report = inspect(options);
  ASSERT_FALSE(report);
  EXPECT_TRUE(says(report.error().message, "'greting'")) << report.error().message;
  EXPECT_TRUE(says(report.error().message, "did you mean 'greeting'?")) << report.error().message;
  options.unwanted = {"Greeting and much else"};
  const auto unlike = inspect(options);
  ASSERT_FALSE(unlike);
  EXPECT_FALSE(says(unlike.error().message, "did you mean"));
}

TEST(Inspect, SeesSentAndReceivedFromTheLocalNetworks) {
  const TemporaryFile file(capture_of(greeting("192.168.1.1")));
  struct Row {
    std::string_view description;
    std::vector<std::string> local;
    uint64_t sent, received;
    bool known;
  };
  const std::vector<Row> rows{
      {"without, from the client", {}, 3, 2, true},
      {"the client is local", {"192.168.0.0/16"}, 3, 2, true},
      {"the server is local", {"10.0.0.0/8"}, 2, 3, true},
      {"both are local", {"10.0.0.0/8", "192.168.0.0/16"}, 5, 5, true},
      {"neither is", {"172.16.0.0/12"}, 0, 0, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    InspectOptions options = options_for({file.path()});
    for (const std::string& network : row.local) options.local_networks.push_back(*IpPrefix::parse(network));
    const auto report = inspect(options);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->protocol_hierarchy.size(), 1u);
    const HierarchyNode& node = report->protocol_hierarchy[0];
    EXPECT_EQ(node.traffic.packets, 5u);
    ASSERT_EQ(node.sent.has_value(), row.known);
    EXPECT_EQ(report->applications[0].sent.packets, row.sent);
    EXPECT_EQ(report->applications[0].received.packets, row.received);
    if (!row.known) continue;
    EXPECT_EQ(node.sent->packets, row.sent);
    EXPECT_EQ(node.received->packets, row.received);
  }
}

TEST(Inspect, CountsDestinationsOutsideOrInsideTunnels) {
  const auto tunnel = [] { return eth().ipv4("192.0.2.1", "192.0.2.2").udp(50000, 4789).vxlan(1).eth(); };
  const TemporaryFile file(capture_of({{tunnel().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 443).syn(), 0},
                                       {tunnel().ipv4("10.0.0.1", "10.0.0.2").icmp(8), 1},
                                       {tunnel().arp(), 2},
                                       {eth().ipv4("10.0.0.9", "10.0.0.2").tcp(40000, 443).syn(), 3}}));
  const auto rows_of = [](const Report& report) {
    std::vector<std::string> rows;
    for (const Destination& row : report.destinations) {
      std::string text = row.address.to_string() + " " + std::to_string(row.traffic.packets);
      for (const DestinationPort& port : row.ports) {
        text += " " + std::string(transport_name(port.ip_protocol)) + "/" + std::to_string(port.port) + " " +
                std::to_string(port.traffic.packets);
      }
      rows.push_back(text);
    }
    return rows;
  };
  InspectOptions options = options_for({file.path()});
  const auto outer = inspect(options);
  ASSERT_TRUE(outer);
  EXPECT_EQ(rows_of(*outer), (std::vector<std::string>{"192.0.2.2 3 udp/4789 3", "10.0.0.2 1 tcp/443 1"}));
  options.inner_destinations = true;
  const auto inner = inspect(options);
  ASSERT_TRUE(inner);
  EXPECT_EQ(rows_of(*inner), (std::vector<std::string>{"10.0.0.2 3 tcp/443 2", "192.0.2.2 1 udp/4789 1"}));
}

TEST(Inspect, KeepsItsBoundOfFlowsAndCountsWhatGaveWay) {
  std::vector<TimedFrame> frames;
  for (uint32_t i = 0; i < 500; ++i) {
    frames.push_back({eth().ipv4("10.1.0." + std::to_string(i % 250), "10.0.0.53").udp(static_cast<uint16_t>(2000 + i), 53).payload("query"), i});
  }
  const TemporaryFile file(capture_of(frames));
  for (const unsigned jobs : {1u, 2u}) {
    InspectOptions options = options_for({file.path()});
    options.max_flows = 100;
    options.jobs = jobs;
    const auto report = inspect(options);
    ASSERT_TRUE(report);
    EXPECT_GE(count_of(report->accounting.evicted, "flows"), 390u) << jobs;
    EXPECT_EQ(report->flows.size(), 500u) << "what gives way is handed on";
    EXPECT_EQ(report->accounting.processed, 500u);
  }
  InspectOptions options = options_for({file.path()});
  const auto report = inspect(options);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->accounting.evicted.empty());
}

TEST(Inspect, GivesTheFirstRowsAndTheirNumber) {
  std::vector<TimedFrame> frames;
  for (uint32_t i = 1; i <= 20; ++i) {
    for (uint32_t copy = 0; copy < i; ++copy) {
      frames.push_back({eth().ipv4("10.0.0.1", "10.2.0." + std::to_string(i)).udp(4000, 9).payload("x"), copy});
    }
  }
  const TemporaryFile file(capture_of(frames));
  InspectOptions options = options_for({file.path()});
  options.most_rows = 3;
  const auto report = inspect(options);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->destinations.size(), 3u);
  EXPECT_EQ(report->destinations[0].address.to_string(), "10.2.0.20");
  EXPECT_EQ(report->destinations[2].address.to_string(), "10.2.0.18");
  EXPECT_EQ(report->destination_count, 20u);
  EXPECT_EQ(report->endpoint_count, 21u);
  EXPECT_EQ(report->conversations.size(), 3u);
  EXPECT_EQ(report->conversation_count, 20u);
}

TEST(Inspect, CountsLinkTypesNobodyDissectsUnderTheirName) {
  const TemporaryFile file(capture_of({{FrameBuilder(187).payload("something of Bluetooth"), 0}}, 187));
  const auto report = inspect(options_for({file.path()}));
  ASSERT_TRUE(report);
  ASSERT_EQ(report->protocol_hierarchy.size(), 1u);
  EXPECT_EQ(report->protocol_hierarchy[0].traffic.packets, 1u);
  EXPECT_EQ(report->protocol_hierarchy[0].protocol, "bluetooth_hci_h4");
  EXPECT_EQ(count_of(report->accounting.malformed, "unsupported_link_type"), 1u);
}

}  // namespace
}  // namespace wirewatch::testing
