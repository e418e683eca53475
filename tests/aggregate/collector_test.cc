// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/collector.h"

#include <gtest/gtest.h>

namespace wirewatch {
namespace {

constexpr ApplicationId kApplication = 2;
constexpr size_t kApplications = 3;

FlowRecord flow(Evidence evidence, ApplicationId application = kApplication) {
  FlowRecord record;
  record.client = {*IpAddress::parse("10.0.0.1"), 40000};
  record.server = {*IpAddress::parse("192.0.2.1"), 443};
  record.evidence = evidence;
  record.application = application;
  record.has_payload = true;
  record.to_server = {3, 300};
  record.to_client = {2, 2000};
  return record;
}

TEST(Collector, KeepsGuessesApartFromWhatWasDetected) {
  const CollectOptions options;
  Collector collector(options, kApplications);
  collector.on_flow(flow(Evidence::Port));
  collector.on_flow(flow(Evidence::Confirmed));
  collector.on_flow(flow(Evidence::Payload));
  collector.on_flow(flow(Evidence::None, kUnknownApplication));
  FlowRecord silent = flow(Evidence::None, kUnknownApplication);
  silent.has_payload = false;
  collector.on_flow(silent);
  EXPECT_EQ(collector.flow_count, 5u);
  EXPECT_EQ(collector.guessed[kApplication].flows, 1u);
  EXPECT_EQ(collector.detected[kApplication].flows, 2u);
  EXPECT_EQ(collector.detected[kApplication].strongest, Evidence::Payload);
  EXPECT_EQ(collector.detected[kApplication].traffic, (Traffic{10, 4600}));
  EXPECT_EQ(collector.unclassified, 1u);
  EXPECT_EQ(collector.without_payload, 1u);
  EXPECT_TRUE(collector.flows.empty()) << "kept only when asked";
}

TEST(Collector, SeesSentAndReceivedFromTheClientOrFromTheLocalNetworks) {
  struct Row {
    std::string_view description;
    std::vector<std::string_view> local;
    Traffic sent, received;
  };
  const std::vector<Row> rows{
      {"from the client", {}, {3, 300}, {2, 2000}},
      {"the client is local", {"10.0.0.0/8"}, {3, 300}, {2, 2000}},
      {"the server is local", {"192.0.2.0/24"}, {2, 2000}, {3, 300}},
      {"both are", {"0.0.0.0/0"}, {5, 2300}, {5, 2300}},
      {"neither is", {"172.16.0.0/12"}, {}, {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    CollectOptions options;
    for (const std::string_view network : row.local) options.local_networks.push_back(*IpPrefix::parse(network));
    Collector collector(options, kApplications);
    collector.on_flow(flow(Evidence::Payload));
    EXPECT_EQ(collector.detected[kApplication].sent, row.sent);
    EXPECT_EQ(collector.detected[kApplication].received, row.received);
  }
}

TEST(Collector, ListsUnwantedFlowsThatWereDetected) {
  CollectOptions options;
  options.unwanted = {false, false, true, false};
  Collector collector(options, kApplications);
  collector.on_flow(flow(Evidence::Port));
  collector.on_flow(flow(Evidence::Payload));
  collector.on_flow(flow(Evidence::Payload, 1));
  collector.on_flow(flow(Evidence::None, kUnknownApplication));
  ASSERT_EQ(collector.unwanted.size(), 1u);
  EXPECT_EQ(collector.unwanted[0].application, kApplication);
}

TEST(Collector, KeepsFlowsAndHandshakesAsTheyCame) {
  CollectOptions options;
  options.keep_flows = true;
  Collector collector(options, kApplications);
  for (uint64_t frame = 1; frame <= 3; ++frame) {
    FlowRecord record = flow(Evidence::Payload);
    record.first_frame = frame;
    collector.on_flow(record);
    HandshakeRecord handshake;
    handshake.syn_frame = frame;
    collector.on_handshake(handshake);
  }
  ASSERT_EQ(collector.flows.size(), 3u);
  EXPECT_EQ(collector.flows[2].first_frame, 3u);
  ASSERT_EQ(collector.handshakes.size(), 3u);
  EXPECT_EQ(collector.handshakes[0].syn_frame, 1u);
}

}  // namespace
}  // namespace wirewatch
