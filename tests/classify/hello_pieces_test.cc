// SPDX-License-Identifier: BSD-3-Clause
// ClientHellos in several segments, in any order, and what a flow says of names beside its host.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "dataplane/classify/hello_store.h"
#include "tests/classify/client_hello.h"
#include "tests/classify/flow_under_test.h"

namespace wirewatch {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kBegins = 0xffffff00;  // sequence numbers wrap in the middle

Bytes long_hello() {
  return tls_record(ClientHello()
                        .extension(51, Bytes(1300, 7))
                        .extension(16, {0, 3, 2, 'h', '2'})
                        .server_name("late.example")
                        .extension(0xfe0d, Bytes(60, 1))
                        .message());
}

/// A client whose segments say where they belong.
class Client {
 public:
  Client() : classifier_(web_rules()) {}

  Classification send(std::span<const uint8_t> stream, size_t from, size_t to, bool sequence = true) {
    const auto said = classifier_.observe(state_, {.ip_protocol = 6,
                                                   .direction = FlowDirection::ToServer,
                                                   .client_port = 50000,
                                                   .server_port = 443,
                                                   .payload = stream.subspan(from, to - from),
                                                   .sequence = kBegins + static_cast<uint32_t>(from),
                                                   .stream_begin = kBegins,
                                                   .has_sequence = sequence,
                                                   .has_stream_begin = sequence});
    const FlowNames& names = classifier_.names();
    if (!names.host.empty()) host = names.host;
    if (!names.alpn.empty()) alpn = names.alpn;
    if (!names.ja4.empty()) ja4 = names.ja4;
    encrypted |= names.encrypted_hello;
    return said;
  }
  Classifier& classifier() { return classifier_; }

  std::string host, alpn, ja4;
  bool encrypted = false;

 private:
  Classifier classifier_;
  ClassifyState state_{};
};

TEST(HelloInPieces, IsPutTogetherFromTwoSegments) {
  const Bytes hello = long_hello();
  for (const bool sequence : {true, false}) {
    Client client;
    const auto first = client.send(hello, 0, 1000, sequence);
    EXPECT_FALSE(first.done);
    EXPECT_EQ(first.verdict.evidence, Evidence::Payload);
    EXPECT_EQ(client.host, "");
    EXPECT_TRUE(client.send(hello, 1000, hello.size(), sequence).done);
    EXPECT_EQ(client.host, "late.example");
    EXPECT_EQ(client.alpn, "h2");
    EXPECT_EQ(client.ja4.size(), 36u);
    EXPECT_TRUE(client.encrypted);
  }
}

TEST(HelloInPieces, IsTheSameWhereverItIsSplit) {
  const Bytes hello = long_hello();
  Client whole;
  EXPECT_TRUE(whole.send(hello, 0, hello.size()).done);
  for (size_t split = 1; split < hello.size(); split += 7) {
    Client client;
    client.send(hello, 0, split);
    EXPECT_TRUE(client.send(hello, split, hello.size()).done) << split;
    EXPECT_EQ(client.host, whole.host) << split;
    EXPECT_EQ(client.ja4, whole.ja4) << split;
  }
}

TEST(HelloInPieces, IsPutInOrderWhenASegmentOvertakesAnother) {
  const Bytes hello = long_hello();
  Client client;
  EXPECT_FALSE(client.send(hello, 0, 500).done);
  EXPECT_FALSE(client.send(hello, 900, hello.size()).done);
  EXPECT_TRUE(client.send(hello, 500, 900).done);
  EXPECT_EQ(client.host, "late.example");
}

TEST(HelloInPieces, IsPutInOrderWhenASegmentOvertakesTheFirst) {
  const Bytes hello = long_hello();
  Client client;
  EXPECT_FALSE(client.send(hello, 900, hello.size()).done);
  EXPECT_FALSE(client.send(hello, 400, 900).done);
  const auto last = client.send(hello, 0, 400);
  EXPECT_TRUE(last.done);
  EXPECT_EQ(last.verdict.evidence, Evidence::Payload);
  EXPECT_EQ(client.host, "late.example");
  EXPECT_EQ(client.ja4.size(), 36u);
}

TEST(HelloInPieces, MaySpanRecords) {
  const Bytes message = ClientHello().extension(51, Bytes(300, 7)).server_name("records.example").message();
  Bytes stream;
  for (size_t at = 0; at < message.size(); at += 100) {
    const Bytes part(message.begin() + static_cast<std::ptrdiff_t>(at),
                     message.begin() + static_cast<std::ptrdiff_t>(std::min(at + 100, message.size())));
    std::ranges::copy(tls_record(part), std::back_inserter(stream));
  }
  Client client;
  client.send(stream, 0, 150);
  EXPECT_TRUE(client.send(stream, 150, stream.size()).done);
  EXPECT_EQ(client.host, "records.example");
}

TEST(HelloInPieces, IsNotAwaitedForEver) {
  const Bytes hello = long_hello();
  Client client;
  client.send(hello, 0, 1000);
  bool done = false;
  for (int i = 0; i < 40 && !done; ++i) done = client.send(hello, 0, 1000).done;
  EXPECT_TRUE(done);
}

TEST(HelloInPieces, GivesTheOldestPlaceToANewcomer) {
  const Bytes hello = long_hello();
  Classifier classifier(web_rules());
  constexpr size_t kFlows = 300;
  std::vector<ClassifyState> flows(kFlows);
  const auto send = [&](ClassifyState& state, size_t from, size_t to) {
    return classifier.observe(state, {.ip_protocol = 6,
                                      .direction = FlowDirection::ToServer,
                                      .payload = std::span(hello).subspan(from, to - from),
                                      .sequence = static_cast<uint32_t>(from),
                                      .has_sequence = true});
  };
  for (ClassifyState& state : flows) EXPECT_FALSE(send(state, 0, 1000).done);
  EXPECT_GT(classifier.counters().hellos_given_up, 0u);
  EXPECT_TRUE(send(flows.front(), 1000, hello.size()).done);  // lost its place: named without a host
  EXPECT_EQ(classifier.names().host, "");
  EXPECT_TRUE(send(flows.back(), 1000, hello.size()).done);
  EXPECT_EQ(classifier.names().host, "late.example");
}

TEST(FlowNames, HoldTheUserAgentOfARequest) {
  Flow flow(web_rules());
  flow.client("GET / HTTP/1.1\r\nUser-Agent: curl/8.5 \x01\r\nHost: a.example\r\n\r\n");
  EXPECT_EQ(flow.classifier().names().host, "a.example");
  EXPECT_EQ(flow.classifier().names().user_agent, "curl/8.5 ?");
  EXPECT_EQ(flow.classifier().names().ja4, "");
}

TEST(HelloBytes, AreTheSameInAnyOrder) {
  Bytes stream(1000);
  for (size_t i = 0; i < stream.size(); ++i) stream[i] = static_cast<uint8_t>(i * 7);
  const auto bytes = std::make_unique<HelloBytes>();
  std::vector<size_t> order{600, 0, 800, 200, 400};
  do {
    bytes->clear();
    for (const size_t at : order) bytes->put(at, std::span(stream).subspan(at, 200));
    ASSERT_TRUE(std::ranges::equal(bytes->beginning(), stream));
  } while (std::ranges::next_permutation(order).found);
}

TEST(HelloBytes, OverlapAndGapAndEndAreKept) {
  const Bytes stream(6000, 9);
  HelloBytes bytes;
  bytes.clear();
  EXPECT_TRUE(bytes.beginning().empty());
  bytes.put(10, std::span(stream).first(10));
  EXPECT_TRUE(bytes.beginning().empty());
  bytes.put(0, std::span(stream).first(15));
  EXPECT_EQ(bytes.beginning().size(), 20u);
  bytes.put(4000, std::span(stream).first(2000));
  bytes.put(5000, stream);
  EXPECT_EQ(bytes.beginning().size(), 20u);
  bytes.put(20, std::span(stream).first(3980));
  EXPECT_EQ(bytes.beginning().size(), kLongestHello);
  EXPECT_TRUE(bytes.full());
}

TEST(HelloBytes, KeepAccountOfSoManyGapsAndNoMore) {
  const Bytes stream(4000, 1);
  HelloBytes bytes;
  bytes.clear();
  for (size_t at = 2; at < 400; at += 2) bytes.put(at, std::span(stream).first(1));
  bytes.put(0, stream);  // fills every gap
  EXPECT_EQ(bytes.beginning().size(), stream.size());
}

}  // namespace
}  // namespace wirewatch
