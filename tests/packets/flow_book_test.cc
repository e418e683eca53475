// SPDX-License-Identifier: BSD-3-Clause
// Looking up what became of a frame's flow.
#include "control/packets/flow_book.h"

#include <gtest/gtest.h>

#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

Layers layers_of(const FrameBuilder& frame) {
  const Bytes bytes = frame.bytes();
  Layers layers;
  parse(packet_over(bytes, frame.link_type()), {}, layers);
  return layers;
}

FlowRecord flow_between(const char* client, const char* server, uint64_t first_frame, uint64_t packets) {
  FlowRecord flow;
  flow.client = {ip(client), 1234};
  flow.server = {ip(server), 80};
  flow.ip_protocol = 6;
  flow.first_frame = first_frame;
  flow.to_server = {packets, packets * 100};
  return flow;
}

class FlowBookOf : public ::testing::Test {
 protected:
  FlowBook book_{nullptr};
  Layers to_server_ = layers_of(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80).ack());
  Layers to_client_ = layers_of(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 1234).ack());
};

TEST_F(FlowBookOf, AnswersForBothDirections) {
  book_.on_flow(flow_between("10.0.0.1", "10.0.0.2", 5, 17));
  book_.finish();
  ASSERT_NE(book_.find(to_server_, 5), nullptr);
  EXPECT_EQ(book_.find(to_server_, 5)->packets, 17u);
  ASSERT_NE(book_.find(to_client_, 9), nullptr);
  EXPECT_EQ(book_.find(to_client_, 9)->bytes, 1700u);
}

TEST_F(FlowBookOf, KnowsNothingOfOthers) {
  EXPECT_EQ(book_.find(to_server_, 1), nullptr);
  book_.on_flow(flow_between("10.0.0.1", "10.0.0.3", 1, 1));
  book_.finish();
  EXPECT_EQ(book_.find(to_server_, 1), nullptr);
  EXPECT_EQ(book_.find(layers_of(eth().arp()), 1), nullptr);
}

TEST_F(FlowBookOf, TellsFlowsThatUseTheSamePortsApartByTheirFrames) {
  for (const uint64_t first : {300u, 100u, 200u}) book_.on_flow(flow_between("10.0.0.1", "10.0.0.2", first, first));
  book_.finish();
  EXPECT_EQ(book_.find(to_server_, 100)->packets, 100u);
  EXPECT_EQ(book_.find(to_server_, 199)->packets, 100u);
  EXPECT_EQ(book_.find(to_client_, 200)->packets, 200u);
  EXPECT_EQ(book_.find(to_client_, 1000)->packets, 300u);
}

TEST_F(FlowBookOf, KeepsTheNamesOfFlowsAndWhoseTheyAre) {
  FlowBook book(nullptr, std::make_shared<const HostList>(std::vector<HostService>{{"youtube", "video"}}, std::vector<ListedDomain>{{"youtube.com", 0}}));
  {
    std::array<char, NameSheet::kMost> room;  // gone by the time somebody asks, as the worker's are
    FlowRecord flow = flow_between("10.0.0.1", "10.0.0.2", 1, 1);
    NameSheet::Names names;
    names.host = "www.youtube.com";
    names.alpn = "h2";
    names.ja4 = "t13d";
    flow.names = NameSheet(NameSheet::pack(names, room));
    flow.host = flow.names.host();
    book.on_flow(flow);
    flow = flow_between("10.0.0.1", "10.0.0.3", 2, 1);
    const std::string asked = "example.org";
    flow.host = asked;  // of a DNS answer
    book.on_flow(flow);
    room.fill('x');
  }
  book.finish();
  const FlowContext* const video = book.find(to_server_, 1);
  ASSERT_NE(video, nullptr);
  EXPECT_EQ(video->host, "www.youtube.com");
  EXPECT_EQ(video->service, "youtube");
  EXPECT_EQ(video->service_category, "video");
  EXPECT_EQ(video->alpn, "h2");
  EXPECT_EQ(video->ja4, "t13d");
  const FlowContext* const other = book.find(layers_of(eth().ipv4("10.0.0.1", "10.0.0.3").tcp(1234, 80).ack()), 2);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->host, "example.org");
  EXPECT_EQ(other->service, "");
}

TEST_F(FlowBookOf, JoinsHandshakesToTheFlowsThatTheyOpened) {
  for (const uint64_t first : {100u, 200u}) {
    book_.on_flow(flow_between("10.0.0.1", "10.0.0.2", first, first));
    HandshakeRecord handshake;
    handshake.client = {ip("10.0.0.1"), 1234};
    handshake.server = {ip("10.0.0.2"), 80};
    handshake.outcome = HandshakeOutcome::Established;
    handshake.syn_frame = first;
    handshake.syn_ack_rtt_ns = static_cast<int64_t>(first) * 1000;
    handshake.syn_retransmissions = first == 200 ? 1 : 0;
    book_.on_handshake(handshake);
  }
  book_.on_flow(flow_between("10.0.0.1", "10.0.0.2", 300, 300));
  book_.finish();
  ASSERT_TRUE(book_.find(to_server_, 150)->has_handshake);
  EXPECT_EQ(book_.find(to_server_, 150)->syn_ack_rtt_ns, 100'000);
  EXPECT_FALSE(book_.find(to_server_, 150)->ambiguous);
  EXPECT_EQ(book_.find(to_server_, 250)->syn_ack_rtt_ns, 200'000);
  EXPECT_TRUE(book_.find(to_server_, 250)->ambiguous);
  EXPECT_EQ(book_.find(to_server_, 250)->initial_rtt_ns, kNoDuration);
  EXPECT_FALSE(book_.find(to_server_, 350)->has_handshake);
}

}  // namespace
}  // namespace wirewatch::testing
