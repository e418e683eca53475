// SPDX-License-Identifier: BSD-3-Clause
// Strong signatures: direction, precedence, refinement, messages that come in pieces.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/classify/client_hello.h"
#include "tests/classify/flow_under_test.h"

namespace wirewatch {
namespace {

TEST(Classifier, GivesAStrongSignatureAtOnceAndIsDone) {
  Flow flow(web_rules());
  const auto record = tls_record(ClientHello().server_name("www.example").message());
  const auto result = flow.send(FlowDirection::ToServer, record);
  EXPECT_TRUE(result.done);
  EXPECT_EQ(flow.name(result.verdict), "tls");
  EXPECT_EQ(result.verdict.evidence, Evidence::Payload);
  EXPECT_EQ(web_rules()->signature_id(result.verdict.signature), "tls.client-hello");
  EXPECT_EQ(result.host, "www.example");
  EXPECT_EQ(flow.name(flow.finish()), "tls");
}

TEST(Classifier, ObeysTheTestsOfACandidate) {
  Flow flow(web_rules());
  EXPECT_EQ(flow.client(std::string_view("\x16\x03\x01\x00\x05\x01.....", 11)).verdict.evidence,
            Evidence::None);
}

TEST(Classifier, KeepsDirectionsApart) {
  Flow wrong_way(web_rules());
  EXPECT_EQ(wrong_way.client("HTTP/1.1 200 OK\r\n").verdict.evidence, Evidence::None);
  Flow right_way(web_rules());
  EXPECT_EQ(right_way.name(right_way.server("HTTP/1.1 200 OK\r\n").verdict), "http");
  Flow unknown(web_rules());
  EXPECT_EQ(unknown.name(unknown.send(FlowDirection::Unknown, bytes_of("HTTP/1.1 200 OK\r\n")).verdict),
            "http");
}

TEST(Classifier, GivesHttpAndItsHostWhileWaitingForTheAnswer) {
  Flow flow(web_rules());
  const auto request = flow.client("GET /chat HTTP/1.1\r\nHost: chat.example\r\n\r\n");
  EXPECT_FALSE(request.done);
  EXPECT_EQ(flow.name(request.verdict), "http");
  EXPECT_EQ(request.host, "chat.example");
  const auto answer = flow.server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(answer.done);
  EXPECT_EQ(flow.name(answer.verdict), "http");
  EXPECT_EQ(answer.host, "");
}

TEST(Classifier, LetsALaterPacketMakeTheVerdictMoreSpecificWhereARuleSaysSo) {
  static const auto rules = rules_from(R"(
[[protocol]]
name = "channel"
category = "web"
  [[protocol.sig]]
  id = "channel.opened"
  l4 = "tcp"
  dir = "server"
  regex = '^opened'
  strength = "strong"
[[protocol]]
name = "swarm"
category = "p2p"
  [[protocol.sig]]
  id = "swarm.message"
  l4 = "tcp"
  dir = "server"
  regex = '^swarm'
  strength = "strong"
  over = ["channel"]
  packets = "later"
)");
  Flow flow(rules);
  flow.client("open");
  EXPECT_FALSE(flow.server("opened: a channel").done);
  flow.client("announce");
  flow.server("something else first");
  const auto third = flow.server("swarm: three peers");
  EXPECT_EQ(flow.name(third.verdict), "swarm");
  EXPECT_TRUE(third.done);

  Flow other(rules);
  other.client("open");
  Classification last;
  for (int i = 0; i < 4; ++i) last = other.server("opened: nothing more to tell");
  EXPECT_TRUE(last.done) << "four packets are enough";
  EXPECT_EQ(other.name(last.verdict), "channel");
}

TEST(Classifier, LetsAnAnswerMakeTheVerdictMoreSpecific) {
  Flow flow(web_rules());
  flow.client("GET /chat HTTP/1.1\r\nHost: chat.example\r\n\r\n");
  const auto answer = flow.server("HTTP/1.1 101 Switching Protocols\r\n");
  EXPECT_TRUE(answer.done);
  EXPECT_EQ(flow.name(answer.verdict), "websocket");
}

TEST(Classifier, PrefersOverInTheSamePacketAndStillReadsTheHostBeneath) {
  Flow flow(web_rules());
  const auto result = flow.client("GET /announce?info_hash=x HTTP/1.1\r\nHost: tracker.example\r\n\r\n");
  EXPECT_EQ(flow.name(result.verdict), "tracker");
  EXPECT_EQ(result.host, "tracker.example");
  EXPECT_TRUE(result.done);
}

TEST(Classifier, LetsAPortConfirmASignatureOverAStrongOne) {
  Flow elsewhere(web_rules(), 6, 80);
  EXPECT_EQ(elsewhere.name(elsewhere.client("GET /_cat/nodes HTTP/1.1\r\n").verdict), "http");
  Flow on_port(web_rules(), 6, 9200);
  const auto result = on_port.client("GET /_cat/nodes HTTP/1.1\r\n");
  EXPECT_EQ(on_port.name(result.verdict), "search");
  EXPECT_EQ(result.verdict.evidence, Evidence::Confirmed);
}

TEST(Classifier, StopsWaitingForAnAnswerThatNeverComes) {
  Flow flow(web_rules());
  EXPECT_FALSE(flow.client("POST /a HTTP/1.1\r\n").done);
  EXPECT_FALSE(flow.client("more of it, and more").done);
  EXPECT_FALSE(flow.client("more of it, and more").done);
  const auto fourth = flow.client("more of it, and more");
  EXPECT_TRUE(fourth.done);
  EXPECT_EQ(flow.name(fourth.verdict), "http");
  EXPECT_EQ(flow.counters().scans, 1u);
}

TEST(Classifier, RefinesByAFieldAndFallsBackToTheProtocol) {
  const auto rules = rules_from(R"(
[[protocol]]
name = "rpc"
category = "remote-procedure"
  [[protocol.sig]]
  id = "rpc.call"
  l4 = "any"
  regex = '^RPC.'
  strength = "strong"
  refine = {field = "be16@4", 0x64 = "portmap", 101 = "mount"}
[[protocol]]
name = "portmap"
[[protocol]]
name = "mount"
category = "file"
)");
  ASSERT_TRUE(rules);
  const auto name_of = [&](std::string_view payload) {
    Flow flow(rules, 17);
    return flow.name(flow.client(payload).verdict);
  };
  EXPECT_EQ(name_of(std::string_view("RPC.\0d", 6)), "portmap");
  EXPECT_EQ(name_of(std::string_view("RPC.\0e", 6)), "mount");
  EXPECT_EQ(name_of(std::string_view("RPC.\0f", 6)), "rpc");
  EXPECT_EQ(name_of("RPC."), "rpc");  // the field is not there
  EXPECT_EQ(rules->application_category(rules->find_application("portmap")), "remote-procedure");
  EXPECT_EQ(rules->application_category(rules->find_application("mount")), "file");
}

TEST(Classifier, PrefersMoreTestsThenWiderExpressionsThenTheFirstId) {
  const auto rules = rules_from(R"(
[[protocol]]
name = "plain"
category = "c"
  [[protocol.sig]]
  id = "a.plain"
  l4 = "udp"
  regex = '^HELLO'
  strength = "strong"
  [[protocol.sig]]
  id = "c.plain"
  l4 = "udp"
  regex = '^TWIN'
  strength = "strong"
[[protocol]]
name = "twin"
category = "c"
  [[protocol.sig]]
  id = "b.twin"
  l4 = "udp"
  regex = '^TWI.'
  strength = "strong"
[[protocol]]
name = "wide"
category = "c"
  [[protocol.sig]]
  id = "b.wide"
  l4 = "udp"
  regex = '^HELLO W'
  strength = "strong"
[[protocol]]
name = "tested"
category = "c"
  [[protocol.sig]]
  id = "c.tested"
  l4 = "udp"
  regex = '^HELL'
  test = ["len == 11"]
  strength = "strong"
)");
  ASSERT_TRUE(rules);
  const auto name_of = [&](std::string_view payload) {
    Flow flow(rules, 17);
    return flow.name(flow.client(payload).verdict);
  };
  EXPECT_EQ(name_of("HELLO"), "plain");
  EXPECT_EQ(name_of("HELLO WOOD"), "wide");
  EXPECT_EQ(name_of("HELLO WORLD"), "tested");
  EXPECT_EQ(name_of("TWIN"), "twin");
}

TEST(Classifier, SeesAMessageThatWasSplitAfterItsFirstBytes) {
  const std::string request = "GET /announce?info_hash=x HTTP/1.1\r\nHost: tracker.example\r\n\r\n";
  for (size_t split = 1; split < kPrefixLimit; ++split) {
    Flow flow(web_rules());
    const auto beginning = flow.client(request.substr(0, split));
    const bool decided_at_once = split >= std::string_view("GET /announce").size();
    EXPECT_EQ(beginning.done, decided_at_once) << split;
    const auto result = decided_at_once ? beginning : flow.client(request.substr(split));
    EXPECT_EQ(flow.name(result.verdict), "tracker") << split;
    EXPECT_EQ(result.host, decided_at_once ? "" : "tracker.example") << split;
    EXPECT_TRUE(result.done) << split;
  }
}

TEST(Classifier, SeesAMessageThatComesByteByByte) {
  Flow flow(web_rules());
  flow.client("G");
  flow.client("E");
  flow.client("T");
  EXPECT_EQ(flow.name(flow.client(" / HTTP/1.1\r\nHost: a.example\r\n\r\n").verdict), "http");
}

TEST(Classifier, LooksAtASecondSegmentOnItsOwnAsWell) {
  Flow flow(web_rules());
  flow.client("??");
  EXPECT_EQ(flow.name(flow.client("GET / HTTP/1.1\r\n").verdict), "http");
}

TEST(Classifier, DoesNotJoinDatagrams) {
  const auto rules = rules_from(R"(
[[protocol]]
name = "joined"
category = "c"
  [[protocol.sig]]
  id = "joined.ab"
  l4 = "any"
  regex = '^ab'
  strength = "strong"
)");
  ASSERT_TRUE(rules);
  Flow udp(rules, 17);
  udp.client("a");
  EXPECT_EQ(udp.client("b").verdict.evidence, Evidence::None);
  Flow tcp(rules, 6);
  tcp.client("a");
  EXPECT_EQ(tcp.client("b").verdict.evidence, Evidence::Payload);
  Flow sctp(rules, 132);
  EXPECT_EQ(sctp.client("ab").verdict.evidence, Evidence::Payload);
}

TEST(Classifier, LimitsTheScanWithoutChangingWhatTheEndOfThePayloadMeans) {
  const auto rules = rules_from(R"(
[[protocol]]
name = "short"
category = "c"
  [[protocol.sig]]
  id = "short.bye"
  l4 = "udp"
  regex = '^bye\z'
  strength = "strong"
)");
  ASSERT_TRUE(rules);
  Flow longer(rules, 17);
  EXPECT_EQ(longer.client("bye" + std::string(500, '.')).verdict.evidence, Evidence::None);
  EXPECT_EQ(longer.counters().scanned_bytes, 4u);
  EXPECT_EQ(longer.client("bye").verdict.evidence, Evidence::Payload);
}

TEST(Classifier, WorksWithoutAnyRulesForATransport) {
  Flow udp(web_rules(), 17);
  EXPECT_EQ(udp.client("GET / HTTP/1.1\r\n").verdict.evidence, Evidence::None);
  EXPECT_EQ(udp.counters().errors, 0u);
}

}  // namespace
}  // namespace wirewatch
