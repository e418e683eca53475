// SPDX-License-Identifier: BSD-3-Clause
// What the engine makes of candidates: strength, confirmation, direction, precedence, refinement.
#include "dataplane/classify/classifier.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/classify/client_hello.h"
#include "tests/classify/rules_from.h"

namespace wirewatch {
namespace {

/// One flow seen by one classifier.
class Flow {
 public:
  explicit Flow(std::shared_ptr<const RuleSet> rules, uint8_t ip_protocol = 6, uint16_t server_port = 40000)
      : rules_(std::move(rules)), classifier_(rules_), ip_protocol_(ip_protocol), server_port_(server_port) {}

  Classification client(std::string_view payload) { return send(FlowDirection::ToServer, bytes_of(payload)); }
  Classification server(std::string_view payload) { return send(FlowDirection::ToClient, bytes_of(payload)); }
  Classification send(FlowDirection direction, std::span<const uint8_t> payload, uint32_t original_length = 0,
                      bool from_second_side = false) {
    return classifier_.observe(
        state_, {ip_protocol_, direction, 50000, server_port_, payload, original_length, from_second_side});
  }
  Verdict finish() { return classifier_.finish(state_, ip_protocol_, 50000, server_port_); }
  std::string name(const Verdict& verdict) const {
    return std::string(rules_->application_name(verdict.application));
  }
  const ClassifyCounters& counters() const { return classifier_.counters(); }
  Classifier& classifier() { return classifier_; }

 private:
  std::shared_ptr<const RuleSet> rules_;
  Classifier classifier_;
  ClassifyState state_{};
  uint8_t ip_protocol_;
  uint16_t server_port_;
};

std::shared_ptr<const RuleSet> web_rules() {
  static const auto rules = rules_from(R"(
[[protocol]]
name = "http"
category = "web"
tcp_ports = [80]
  [[protocol.sig]]
  id = "http.request"
  l4 = "tcp"
  dir = "client"
  regex = '^(?:GET|POST) /'
  strength = "strong"
  extract = "http.host"
  [[protocol.sig]]
  id = "http.response"
  l4 = "tcp"
  dir = "server"
  regex = '^HTTP/1\.[01] '
  strength = "strong"
[[protocol]]
name = "websocket"
category = "web"
  [[protocol.sig]]
  id = "websocket.upgrade"
  l4 = "tcp"
  dir = "server"
  regex = '^HTTP/1\.1 101 '
  strength = "strong"
  over = ["http"]
[[protocol]]
name = "tracker"
category = "p2p"
  [[protocol.sig]]
  id = "tracker.announce"
  l4 = "tcp"
  dir = "client"
  regex = '^GET /announce'
  strength = "strong"
  over = ["http"]
[[protocol]]
name = "search"
category = "database"
  [[protocol.sig]]
  id = "search.rest"
  l4 = "tcp"
  dir = "client"
  regex = '^GET /_cat'
  strength = "weak"
  confirm = "port"
  ports = [9200]
  over = ["http"]
[[protocol]]
name = "tls"
category = "encrypted"
  [[protocol.sig]]
  id = "tls.client-hello"
  l4 = "tcp"
  dir = "client"
  regex = '^\x16\x03.{3}\x01'
  test = ["be16@3 >= 40"]
  strength = "strong"
  extract = "tls.sni"
)");
  return rules;
}

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

std::shared_ptr<const RuleSet> weak_rules() {
  static const auto rules = rules_from(R"(
[[protocol]]
name = "media"
category = "voice"
  [[protocol.sig]]
  id = "media.packet"
  l4 = "udp"
  regex = '^\x80[\x00-\x7f]'
  strength = "weak"
  confirm = "both-directions"
[[protocol]]
name = "clock"
category = "time"
udp_ports = [123]
  [[protocol.sig]]
  id = "clock.any"
  l4 = "udp"
  regex = '^[\x1b\x23\x80].{15}'
  test = ["len >= 20"]
  strength = "weak"
  confirm = "port"
[[protocol]]
name = "tftp"
category = "file"
udp_ports = [69]
)");
  return rules;
}

const std::string kMediaPacket = "\x80\x01" + std::string(30, 'm');

TEST(Classifier, ConfirmsByBothDirections) {
  Flow flow(weak_rules(), 17);
  EXPECT_EQ(flow.client(kMediaPacket).verdict.evidence, Evidence::None);
  EXPECT_EQ(flow.client(kMediaPacket).verdict.evidence, Evidence::None);
  const auto answer = flow.server(kMediaPacket);
  EXPECT_EQ(flow.name(answer.verdict), "media");
  EXPECT_EQ(answer.verdict.evidence, Evidence::Confirmed);
  EXPECT_FALSE(answer.done);  // a strong one may still come
  EXPECT_EQ(flow.name(flow.finish()), "media");
}

TEST(Classifier, ConfirmsByBothSidesWhenNobodyKnowsTheClient) {
  Flow flow(weak_rules(), 17);
  flow.send(FlowDirection::Unknown, bytes_of(kMediaPacket));
  EXPECT_EQ(flow.send(FlowDirection::Unknown, bytes_of(kMediaPacket)).verdict.evidence, Evidence::None);
  EXPECT_EQ(flow.send(FlowDirection::Unknown, bytes_of(kMediaPacket), 0, true).verdict.evidence,
            Evidence::Confirmed);
}

TEST(Classifier, LeavesAnUnconfirmedWeakMatchUnknown) {
  Flow flow(weak_rules(), 17);
  flow.client(kMediaPacket);
  flow.server(std::string(40, '?'));
  EXPECT_EQ(flow.finish().evidence, Evidence::None);
  EXPECT_EQ(flow.finish().application, kUnknownApplication);
}

TEST(Classifier, ConfirmsByAPortOfTheProtocol) {
  Flow flow(weak_rules(), 17, 123);
  const auto result = flow.client("\x1b" + std::string(47, '.'));
  EXPECT_EQ(flow.name(result.verdict), "clock");
  EXPECT_EQ(result.verdict.evidence, Evidence::Confirmed);
}

TEST(Classifier, GuessesFromThePortOnlyAtTheEnd) {
  Flow flow(weak_rules(), 17, 69);
  EXPECT_EQ(flow.client(std::string(20, '?')).verdict.evidence, Evidence::None);
  const Verdict verdict = flow.finish();
  EXPECT_EQ(flow.name(verdict), "tftp");
  EXPECT_EQ(verdict.evidence, Evidence::Port);
}

TEST(Classifier, GuessesFromTheLowerPortWhenTheSidesMayBeSwapped) {
  Classifier classifier(weak_rules());
  ClassifyState swapped{};
  EXPECT_EQ(classifier.finish(swapped, 17, 69, 50000).evidence, Evidence::Port);
  ClassifyState ephemeral{};
  EXPECT_EQ(classifier.finish(ephemeral, 17, 123, 53).evidence, Evidence::None);
  ClassifyState other_transport{};
  EXPECT_EQ(classifier.finish(other_transport, 6, 50000, 69).evidence, Evidence::None);
}

TEST(Classifier, ScansFourPacketsOfEachDirectionAndGivesUp) {
  Flow flow(weak_rules(), 17, 69);
  const std::string nonsense(20, '?');
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(flow.client(nonsense).done);
  EXPECT_EQ(flow.counters().scans, 4u);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(flow.server(nonsense).done);
  const auto last = flow.server(nonsense);
  EXPECT_TRUE(last.done);
  EXPECT_EQ(flow.counters().scans, 8u);
  EXPECT_EQ(last.verdict.evidence, Evidence::Port);
}

TEST(Classifier, GivesUpOnAFlowWithOneDirection) {
  Flow flow(weak_rules(), 17);
  int packets = 1;
  while (!flow.client(std::string(20, '?')).done) ++packets;
  EXPECT_EQ(packets, kPatience);
}

TEST(Classifier, KnowsThreeTransportsAndLeavesOthersAlone) {
  Flow gre(weak_rules(), 47, 69);
  const auto result = gre.client(kMediaPacket);
  EXPECT_TRUE(result.done);
  EXPECT_EQ(result.verdict.evidence, Evidence::None);
  EXPECT_EQ(gre.counters().scans, 0u);
}

TEST(Classifier, UsesTheLengthOnTheWireForACutPacket) {
  Flow flow(weak_rules(), 17, 123);
  const std::string captured = "\x1b" + std::string(15, '.');
  EXPECT_EQ(flow.send(FlowDirection::ToServer, bytes_of(captured), 16).verdict.evidence, Evidence::None);
  EXPECT_EQ(flow.send(FlowDirection::ToServer, bytes_of(captured), 48).verdict.evidence, Evidence::Confirmed);
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
