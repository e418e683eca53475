// SPDX-License-Identifier: BSD-3-Clause
// Connection attempts as DESIGN section 3 defines them: exchanges of segments and the records they must yield. Every
// exchange is played over IPv4, IPv6 and through VXLAN, where a SYN is kept in another table.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

struct Segment {
  int64_t at_ms;
  bool from_client;
  uint8_t flags;
  uint32_t seq;
  uint32_t ack = 0;
  std::string_view payload = "";
};

constexpr bool kC = true, kS = false;

struct Exchange {
  std::string_view description;
  std::vector<Segment> segments;
  std::vector<std::string> handshakes;  // outcome, the three legs in ms or "-", resent SYNs + SYN,ACKs
  size_t flows = 1;
};

std::vector<Exchange> exchanges() {
  constexpr uint8_t kSynAck = kSyn | kAck;
  const Segment syn{0, kC, kSyn, 100}, syn_ack{30, kS, kSynAck, 500, 101}, ack{40, kC, kAck, 101, 501};
  constexpr std::string_view kTen = "ten bytes!";
  return {
      {"three legs", {syn, syn_ack, ack}, {"established 30 10 40 0+0"}},
      {"the SYN is resent: the first copy counts, as in tshark",
       {syn, {400, kC, kSyn, 100}, {430, kS, kSynAck, 500, 101}, {435, kC, kAck, 101, 501}},
       {"established 430 5 35 1+0"}},
      {"the SYN,ACK is resent", {syn, syn_ack, {1030, kS, kSynAck, 500, 101}, {1040, kC, kAck, 101, 501}},
       {"established 30 1010 1040 0+1"}},
      {"ECN is offered and taken",
       {{0, kC, kSyn | kEce | kCwr, 100}, {30, kS, kSynAck | kEce, 500, 101}, ack},
       {"established 30 10 40 0+0"}},
      {"Fast Open, the data taken", {{0, kC, kSyn, 100, 0, kTen}, {30, kS, kSynAck, 500, 111}, {40, kC, kAck, 111, 501}},
       {"established 30 10 40 0+0"}},
      {"Fast Open, the data not taken", {{0, kC, kSyn, 100, 0, kTen}, syn_ack, ack}, {"established 30 10 40 0+0"}},
      {"a SYN,ACK of something else", {syn, {30, kS, kSynAck, 500, 99}}, {"unanswered - - - 0+0"}},
      {"no time passes", {syn, {0, kS, kSynAck, 500, 101}, {0, kC, kAck, 101, 501}}, {"established 0 0 0 0+0"}},
      {"data instead of a bare ACK completes", {syn, syn_ack, {45, kC, kAck | kPsh, 101, 501, kTen}},
       {"established 30 15 45 0+0"}},
      {"an ACK of less than the SYN,ACK does not complete", {syn, syn_ack, {40, kC, kAck, 101, 500}},
       {"half-open 30 - 40 0+0"}},
      {"nobody answers", {syn}, {"unanswered - - - 0+0"}},
      {"nobody answers three times", {syn, {1000, kC, kSyn, 100}, {3000, kC, kSyn, 100}}, {"unanswered - - - 2+0"}},
      {"RST with ACK refuses", {syn, {20, kS, kRst | kAck, 0, 101}}, {"refused - - 20 0+0"}},
      {"RST alone refuses", {syn, {20, kS, kRst, 0}}, {"refused - - - 0+0"}},
      {"half-open", {syn, syn_ack}, {"half-open 30 - - 0+0"}},
      {"a scanner hangs up after the SYN,ACK", {syn, syn_ack, {31, kC, kRst, 101}}, {"half-open 30 - - 0+0"}},
      {"a SYN,ACK before its SYN is no handshake", {{0, kS, kSynAck, 500, 101}, {5, kC, kSyn, 100}},
       {"unanswered - - - 0+0"}, 2},
      {"a SYN,ACK without a SYN", {syn_ack, ack}, {}},
      {"a new sequence number is a new attempt",
       {syn, {1000, kC, kSyn, 200}, {1030, kS, kSynAck, 500, 201}, {1040, kC, kAck, 201, 501}},
       {"unanswered - - - 0+0", "established 30 10 40 0+0"}, 2},
      {"a SYN after a RST is a new attempt, with the same number too",
       {syn, {20, kS, kRst | kAck, 0, 101}, {500, kC, kSyn, 100}, {520, kS, kRst | kAck, 0, 101}},
       {"refused - - 20 0+0", "refused - - 20 0+0"}, 2},
      {"a mirror copies every frame",
       {syn, syn, syn_ack, syn_ack, ack, ack},
       {"established 30 10 40 1+1"}},
      {"the client's numbers wrap",
       {{0, kC, kSyn, 0xffffffff}, {30, kS, kSynAck, 500, 0}, {40, kC, kAck, 0, 501}},
       {"established 30 10 40 0+0"}},
      {"the server's numbers wrap",
       {syn, {30, kS, kSynAck, 0xffffffff, 101}, {40, kC, kAck, 101, 0}},
       {"established 30 10 40 0+0"}},
      {"Fast Open data wraps",
       {{0, kC, kSyn, 0xfffffffa, 0, kTen}, {30, kS, kSynAck, 500, 5}, {40, kC, kAck, 5, 501}},
       {"established 30 10 40 0+0"}},
      {"a capture out of order has negative legs",
       {{100, kC, kSyn, 100}, {70, kS, kSynAck, 500, 101}, {110, kC, kAck, 101, 501}},
       {"established -30 40 10 0+0"}},
      {"a SYN,ACK from the client's side answers nothing", {syn, {30, kC, kSynAck, 500, 101}}, {"unanswered - - - 0+0"}},
      {"SYN with FIN is no attempt", {{0, kC, kSyn | kFin, 100}}, {}},
      {"SYN with RST is no attempt", {{0, kC, kSyn | kRst, 100}}, {}},
      {"a late copy of the SYN changes nothing", {syn, syn_ack, ack, {60, kC, kSyn, 100}}, {"established 30 10 40 0+0"}},
      {"ports used again after both ends closed",
       {syn, syn_ack, ack, {50, kC, kFin | kAck, 101, 501}, {60, kS, kFin | kAck, 501, 102},
        {200, kC, kSyn, 900}, {260, kS, kSynAck, 700, 901}, {270, kC, kAck, 901, 701}},
       {"established 30 10 40 0+0", "established 60 10 70 0+0"}, 2},
      {"ports used again after a long silence",
       {syn, syn_ack, ack, {50, kC, kAck, 101, 501, kTen}, {90'000, kC, kSyn, 900}, {90'060, kS, kSynAck, 700, 901}},
       {"established 30 10 40 0+0", "half-open 60 - - 0+0"}, 2},
      {"a new attempt in the middle of a connection stays in its flow",
       {syn, syn_ack, ack, {50, kC, kAck, 101, 501, kTen}, {1000, kC, kSyn, 900}, {1060, kS, kSynAck, 700, 901}},
       {"established 30 10 40 0+0", "half-open 60 - - 0+0"}, 1},
      {"a connection whose beginning was missed", {ack, {50, kS, kAck, 501, 101, kTen}}, {}},
  };
}

enum class Over { Ipv4, Ipv6, Vxlan };

FrameBuilder frame_of(const Segment& segment, Over over) {
  const uint16_t client_port = 40000, server_port = 443;
  const uint16_t source = segment.from_client ? client_port : server_port;
  const uint16_t destination = segment.from_client ? server_port : client_port;
  FrameBuilder frame = eth();
  if (over == Over::Vxlan) {
    frame.ipv4("192.0.2.1", "192.0.2.2").udp(50000, 4789).vxlan(5).eth();
  }
  if (over == Over::Ipv6) {
    segment.from_client ? frame.ipv6("2001:db8::7", "2001:db8::1") : frame.ipv6("2001:db8::1", "2001:db8::7");
  } else {
    segment.from_client ? frame.ipv4("10.0.0.1", "10.0.0.2") : frame.ipv4("10.0.0.2", "10.0.0.1");
  }
  frame.tcp(source, destination).flags(segment.flags).seq(segment.seq).ack_number(segment.ack);
  if (!segment.payload.empty()) frame.payload(segment.payload);
  return frame;
}

std::vector<std::string> in_words(std::vector<HandshakeRecord> records) {
  std::sort(records.begin(), records.end(),
            [](const HandshakeRecord& a, const HandshakeRecord& b) { return a.syn_frame < b.syn_frame; });
  const auto leg = [](const std::optional<int64_t>& ns) {
    return ns ? std::to_string(*ns / kMillisecond) : std::string("-");
  };
  std::vector<std::string> words;
  for (const HandshakeRecord& record : records) {
    words.push_back(fmt::format("{} {} {} {} {}+{}", to_string(record.outcome), leg(record.syn_ack_rtt_ns),
                                leg(record.ack_rtt_ns), leg(record.initial_rtt_ns), record.syn_retransmissions,
                                record.syn_ack_retransmissions));
  }
  return words;
}

class HandshakeOver : public ::testing::TestWithParam<Over> {};

TEST_P(HandshakeOver, YieldsTheRecordsOfItsExchange) {
  for (const Exchange& exchange : exchanges()) {
    SCOPED_TRACE(exchange.description);
    std::vector<SentFrame> frames;
    Traffic given;
    for (const Segment& segment : exchange.segments) {
      frames.push_back(sent(frame_of(segment, GetParam()), segment.at_ms * kMillisecond));
      given += {1, frames.back().bytes.size()};
    }
    WorkerRun run;
    run.feed(frames).finish();
    EXPECT_EQ(in_words(run.handshakes), exchange.handshakes);
    EXPECT_EQ(run.flows.size(), exchange.flows);
    EXPECT_EQ(check_sums(run, given, {}), "");
    for (const HandshakeRecord& record : run.handshakes) {
      EXPECT_EQ(record.client.port, 40000);
      EXPECT_EQ(record.server.port, 443);
    }
  }
}

TEST_P(HandshakeOver, DoesNotDependOnHowFramesAreCutIntoBursts) {
  for (const Exchange& exchange : exchanges()) {
    SCOPED_TRACE(exchange.description);
    std::vector<SentFrame> frames;
    for (const Segment& segment : exchange.segments) {
      frames.push_back(sent(frame_of(segment, GetParam()), segment.at_ms * kMillisecond));
    }
    WorkerRun run;
    run.feed(frames, 1).finish();
    EXPECT_EQ(in_words(run.handshakes), exchange.handshakes);
  }
}

INSTANTIATE_TEST_SUITE_P(Encapsulation, HandshakeOver, ::testing::Values(Over::Ipv4, Over::Ipv6, Over::Vxlan),
                         [](const auto& each) {
                           return each.param == Over::Ipv4 ? "Ipv4" : each.param == Over::Ipv6 ? "Ipv6" : "Vxlan";
                         });

TEST(Handshake, KnowsClientAndServerWhicheverEndIsLower) {
  for (const bool client_is_low : {true, false}) {
    const std::string_view client = client_is_low ? "10.0.0.1" : "10.0.0.3", server = "10.0.0.2";
    WorkerRun run;
    run.feed(sent(eth().ipv4(client, server).tcp(40000, 443).syn().seq(1), 0));
    run.feed(sent(eth().ipv4(server, client).tcp(443, 40000).syn_ack().seq(9).ack_number(2), 7)).finish();
    ASSERT_EQ(run.handshakes.size(), 1u);
    EXPECT_EQ(run.handshakes[0].client.address.to_string(), client);
    EXPECT_EQ(run.handshakes[0].server.address.to_string(), server);
    EXPECT_EQ(run.handshakes[0].syn_time, Timestamp{0});
    EXPECT_EQ(run.handshakes[0].syn_ack_time, Timestamp{7});
    EXPECT_EQ(run.handshakes[0].syn_frame, 1u);
    ASSERT_EQ(run.flows.size(), 1u);
    EXPECT_EQ(run.flows[0].client.address.to_string(), client);
    EXPECT_TRUE(run.flows[0].client_known);
  }
}

TEST(Handshake, IsNotMadeByAPacketQuotedInAnIcmpError) {
  WorkerRun run;
  run.feed(sent(eth().ipv4("10.0.0.9", "10.0.0.1").icmp(3, 1).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).syn(), 0));
  run.finish();
  EXPECT_TRUE(run.handshakes.empty());
  EXPECT_TRUE(run.flows.empty());
}

TEST(Handshake, OfAResentSynOrSynAckIsAmbiguous) {
  HandshakeRecord record;
  EXPECT_FALSE(record.ambiguous());
  record.syn_retransmissions = 1;
  EXPECT_TRUE(record.ambiguous());
  record.syn_retransmissions = 0;
  record.syn_ack_retransmissions = 1;
  EXPECT_TRUE(record.ambiguous());
}

}  // namespace
}  // namespace wirewatch::testing
