// SPDX-License-Identifier: BSD-3-Clause
// What is known of a segment from the ones before it, as tshark has it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/filter/filter.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"
#include "tests/support/packet_builder.h"

namespace wirewatch {
namespace {

using testing::Bytes;
using testing::FrameBuilder;
using testing::eth;
using testing::packet_over;

class Stream {
 public:
  explicit Stream(size_t most = 100) : tracker_(most) {}

  /// The facts of the one TCP or UDP header of the frame.
  TransportFacts see(const FrameBuilder& frame, int64_t milliseconds = 0) { return see_cut(frame, SIZE_MAX, milliseconds); }
  /// The same of a frame of which a snapshot kept its first `kept` bytes.
  TransportFacts see_cut(const FrameBuilder& frame, size_t kept, int64_t milliseconds = 0) {
    bytes_ = frame.bytes();
    packet_ = packet_over(bytes_, 1, Timestamp{milliseconds * 1'000'000}, ++number_);
    packet_.captured_length = static_cast<uint32_t>(std::min<size_t>(packet_.captured_length, kept));
    parse(packet_, {}, layers_);
    facts_ = tracker_.observe(packet_, layers_);
    return facts_.count > 0 ? facts_.transports[0] : TransportFacts{};
  }
  /// Asks about the frame seen last.
  bool holds(std::string_view text) {
    auto filter = Filter::compile(text);
    return filter && filter->matches({.packet = packet_, .layers = layers_, .streams = &facts_});
  }

 private:
  StreamTracker tracker_;
  StreamFacts facts_;
  Bytes bytes_;
  Packet packet_;
  Layers layers_;
  uint64_t number_ = 0;
};

FrameBuilder client(uint16_t port = 4000) { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443); }
FrameBuilder server(uint16_t port = 4000) { return eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, port); }

TEST(StreamTracker, TimesTheHandshakeFromTheFirstSynAndFromTheLast) {
  Stream stream;
  stream.see(client().syn().seq(100), 0);
  stream.see(client().syn().seq(100), 400);
  const auto answer = stream.see(server().syn_ack().seq(900).ack_number(101), 430);
  EXPECT_TRUE(answer.acknowledges);
  EXPECT_EQ(answer.ack_rtt_ns, 430'000'000);
  EXPECT_EQ(answer.acked_frame, 1u);
  const auto last = stream.see(client().ack().seq(101).ack_number(901), 435);
  EXPECT_TRUE(last.has_initial_rtt);
  EXPECT_EQ(last.initial_rtt_ns, 35'000'000);
}

TEST(StreamTracker, CountsSequenceNumbersFromTheFirstOfEachDirection) {
  Stream stream;
  stream.see(client().syn().seq(4'000'000'000));
  EXPECT_TRUE(stream.holds("tcp.seq == 0 and tcp.seq_raw == 4000000000"));
  stream.see(server().syn_ack().seq(900).ack_number(4'000'000'001));
  EXPECT_TRUE(stream.holds("tcp.seq == 0 and tcp.ack == 1"));
  stream.see(client().ack().seq(4'000'000'001).ack_number(901).payload("12345"));
  EXPECT_TRUE(stream.holds("tcp.seq == 1 and tcp.ack == 1 and tcp.nxtseq == 6"));
}

TEST(StreamTracker, CountsFromOneWhereTheBeginningWasNotCaptured) {
  Stream stream;
  stream.see(client().ack().seq(5000).ack_number(7000).payload("x"));
  EXPECT_TRUE(stream.holds("tcp.seq == 1 and tcp.ack == 1"));
}

TEST(StreamTracker, NumbersStreamsByFirstAppearanceAndAgainWhenPortsAreReused) {
  Stream stream;
  EXPECT_EQ(stream.see(client(1).syn().seq(5)).stream, 0u);
  EXPECT_EQ(stream.see(client(2).syn().seq(5)).stream, 1u);
  EXPECT_EQ(stream.see(server(1).syn_ack().seq(7).ack_number(6)).stream, 0u);
  EXPECT_EQ(stream.see(client(1).syn().seq(5)).stream, 0u) << "sent again";
  EXPECT_EQ(stream.see(client(1).syn().seq(6)).stream, 2u) << "a new connection";
  EXPECT_EQ(stream.see(eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 443)).stream, 0u) << "UDP has numbers of its own";
}

TEST(StreamTracker, ForgetsTheLongestIdleStreamFirst) {
  Stream stream(2);
  stream.see(client(1).syn());
  stream.see(client(2).syn());
  stream.see(client(1).ack());
  EXPECT_EQ(stream.see(client(3).syn()).stream, 2u);
  EXPECT_EQ(stream.see(client(1).ack()).stream, 0u);
  EXPECT_EQ(stream.see(client(2).ack()).stream, 3u) << "it was the longest idle one";
}

TEST(StreamTracker, ShowsAMessageInTheFrameThatCompletesIt) {
  Stream stream;
  const std::string request = "GET /index HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
  stream.see(client().ack().seq(1).payload(request.substr(0, 30)));
  EXPECT_FALSE(stream.holds("http"));
  stream.see(client().ack().seq(31).payload(request.substr(30)));
  EXPECT_TRUE(stream.holds("http.host == \"www.example.com\" and http.request.uri == \"/index\""));
  stream.see(client().ack().seq(31).payload(request.substr(30)));
  EXPECT_FALSE(stream.holds("http")) << "a retransmission shows nothing";
}

TEST(StreamTracker, DoesNotJoinMessagesOverAHole) {
  Stream stream;
  stream.see(server().ack().seq(1).payload("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"));
  EXPECT_FALSE(stream.holds("http"));
  stream.see(server().ack().seq(45).payload("56789"));
  EXPECT_FALSE(stream.holds("http.response.code == 200"));
}

TEST(StreamTracker, ShowsAMessageWhoseSegmentsCameOutOfOrder) {
  Stream stream;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
  stream.see(server(80).ack().seq(1).payload(answer.substr(0, 40)), 0);
  stream.see(server(80).ack().seq(46).payload(answer.substr(45)), 1);
  EXPECT_FALSE(stream.holds("http")) << "a hole is left";
  stream.see(server(80).ack().seq(41).payload(answer.substr(40, 4)), 2);
  EXPECT_FALSE(stream.holds("http"));
  stream.see(server(80).ack().seq(45).payload(answer.substr(44, 1)), 900);
  EXPECT_FALSE(stream.holds("http")) << "tshark shows nothing in what was sent again";
  stream.see(server(80).ack().seq(50).payload("HTTP/1.1 204 OK\r\n\r\n"), 901);
  EXPECT_TRUE(stream.holds("http.response.code == 204"));
}

TEST(StreamTracker, ShowsNothingInsideARecordThatNeverEnds) {
  Stream stream;
  stream.see(server().ack().seq(1).payload("\x17\x03\x03\xff\xff" "abc"));
  EXPECT_TRUE(stream.holds("tls")) << "where a record begins";
  stream.see(server().ack().seq(9).payload(std::string("\x16\x03\x03\x00\x01x", 6)));
  EXPECT_FALSE(stream.holds("tls")) << "a part of the record before";
  stream.see(client().ack().seq(1).payload("220 mail"));
  EXPECT_FALSE(stream.holds("tls")) << "text on a port of TLS";
}

TEST(StreamTracker, LeavesHttpWhereTheProtocolIsSwitched) {
  Stream stream;
  stream.see(client(80).ack().seq(1).payload("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"));
  EXPECT_TRUE(stream.holds("http"));
  stream.see(server(80).ack().seq(1).payload("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  EXPECT_TRUE(stream.holds("http.response.code == 101"));
  stream.see(client(80).ack().seq(42).payload("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(stream.holds("http"));
}

TEST(StreamTracker, ReadsLinesOnAPortOfHttpAndAnythingOnceSomethingWasAskedFor) {
  Stream stream;
  stream.see(server(80).ack().seq(1).payload("<b>title</b>\r\n"));
  EXPECT_FALSE(stream.holds("http")) << "nothing asked, no colon";
  stream.see(server(80).ack().seq(15).payload("\x3e:\xcd\x92 tail\n\x01\x02"));
  EXPECT_TRUE(stream.holds("http")) << "could be a header";
  stream.see(client(80).ack().seq(1).payload("GET /never-ends\r\n"));
  EXPECT_FALSE(stream.holds("http"));
  stream.see(server(80).ack().seq(25).payload("\x01\x02\x03"));
  EXPECT_FALSE(stream.holds("http")) << "the request is not whole";
  stream.see(client(80).ack().seq(17).payload("\r\n"));
  EXPECT_TRUE(stream.holds("http.request.uri == \"/never-ends\""));
  stream.see(server(80).ack().seq(28).payload("\x01\x02\x03"));
  EXPECT_TRUE(stream.holds("http")) << "of the answer";
}

TEST(StreamTracker, ShowsAnHttpMessageWhoseFirstLineASnapshotCutAsFarAsItGoes) {
  constexpr size_t kHeaders = 14 + 20 + 20;
  const auto from_client = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80), from_server = eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 4000);
  Stream stream;
  stream.see_cut(FrameBuilder(from_client).ack().seq(1).payload("GET /images/a.gif HTTP/1.1\r\nHost: example.com\r\n\r\n"), kHeaders + 21);
  EXPECT_TRUE(stream.holds("http.request.method == GET and http.request.uri == \"/images/a.gif\""));
  stream.see_cut(FrameBuilder(from_server).ack().seq(1).payload("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"), kHeaders + 20);
  EXPECT_TRUE(stream.holds("http.response.code == 200"));
  stream.see_cut(FrameBuilder(from_server).ack().seq(40).payload("\x91\xf8\xf6 more of it"), kHeaders + 5);
  EXPECT_TRUE(stream.holds("http and not http.request and not http.response")) << "something was asked for, so this belongs to the answer";
  Stream other;
  other.see_cut(FrameBuilder(from_client).ack().seq(1).payload("no method of HTTP at all\r\n\r\n"), kHeaders + 12);
  EXPECT_FALSE(other.holds("http"));
}

TEST(StreamTracker, ReadsTlsOnAPortOfMailOnlyBehindItsCommand) {
  Stream stream;
  const auto client = [] { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 25); };
  const auto server = [] { return eth().ipv4("10.0.0.2", "10.0.0.1").tcp(25, 4000); };
  const std::string alert("\x15\x03\x03\x00\x02\x01\x00", 7);
  stream.see(client().ack().seq(1).payload(alert));
  EXPECT_FALSE(stream.holds("tls"));
  stream.see(client().ack().seq(8).payload("EHLO a\r\nSTARTTLS\r\n"));
  stream.see(server().ack().seq(1).payload("454 not now\r\n"));
  stream.see(server().ack().seq(14).payload(alert));
  EXPECT_FALSE(stream.holds("tls")) << "refused";
  stream.see(client().ack().seq(26).payload("starttls\r\n"));
  stream.see(server().ack().seq(21).payload("220 go ahead\r\n"));
  EXPECT_FALSE(stream.holds("tls")) << "the last line in the clear";
  stream.see(server().ack().seq(35).payload("250 text"));
  EXPECT_FALSE(stream.holds("tls")) << "text is never TLS";
  stream.see(client().ack().seq(36).payload(alert));
  EXPECT_TRUE(stream.holds("tls.alert_message.desc == 0"));
  stream.see(server().ack().seq(43).payload(std::string(1, '\0')));
  EXPECT_TRUE(stream.holds("tls")) << "whatever comes";
}

TEST(StreamTracker, LearnsNothingFromWhatAnIcmpErrorQuotes) {
  Stream stream;
  EXPECT_EQ(stream.see(client().syn().seq(100)).stream, 0u);
  const Bytes quote = FrameBuilder(101).ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 443).syn().seq(999).bytes();
  stream.see(eth().ipv4("10.0.0.9", "10.0.0.1").icmp(11).payload(quote));
  EXPECT_TRUE(stream.holds("tcp.stream == 0"));
  EXPECT_EQ(stream.see(client().syn().seq(100)).stream, 0u);
}

}  // namespace
}  // namespace wirewatch
