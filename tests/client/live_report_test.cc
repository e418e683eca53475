// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/live_report.h"

#include <gtest/gtest.h>

namespace wirewatch {
namespace {

Report report_of(const std::string& text) {
  Report report;
  add_sections(std::make_shared<const Json>(Json::parse(text)), report);
  return report;
}

TEST(ParseAnswer, KnowsItsSchemaAndNoOther) {
  EXPECT_TRUE(parse_answer(R"({"schema": "wirewatch/api/1"})"));
  EXPECT_EQ(parse_answer("[1]").error().message, "the daemon's answer is no JSON object");
  EXPECT_EQ(parse_answer("{").error().message, "the daemon's answer is no JSON object");
  EXPECT_NE(parse_answer(R"({"schema": "wirewatch/api/2"})").error().message.find("different versions"),
            std::string::npos);
}

TEST(JsonAccess, ReadsTimesToTheNanosecondAndRefusesWhatIsNone) {
  struct Case {
    const char* text;
    std::optional<int64_t> ns;
  };
  for (const Case& each : std::initializer_list<Case>{{"1.000000001", 1'000'000'001},
                                                      {"0.000000000", 0},
                                                      {"-1.500000000", -1'500'000'000},
                                                      {"1", std::nullopt},
                                                      {"1.5", std::nullopt},
                                                      {"99999999999999999999.000000000", std::nullopt},
                                                      {"9223372037.000000000", std::nullopt},
                                                      {".000000001", std::nullopt},
                                                      {"1.00000000x", std::nullopt}}) {
    const Json object{{"t", each.text}};
    const auto time = time_of(object, "t");
    EXPECT_EQ(time ? std::optional(time->ns) : std::nullopt, each.ns) << each.text;
  }
}

TEST(LiveReport, TakesTheTreeWithItsTwoDirections) {
  const Report report =
      report_of(R"({"protocol_hierarchy": [{"protocol": "eth", "packets": 5, "bytes": 500, "sent": {},
      "received": {}, "children": [{"protocol": "ip", "packets": 4, "bytes": 400, "sent": {"packets": 1, "bytes": 100},
      "received": {"packets": 3, "bytes": 300}, "children": []}]}]})");
  ASSERT_EQ(report.protocol_hierarchy.size(), 1u);
  const HierarchyNode& eth = report.protocol_hierarchy[0];
  EXPECT_EQ(eth.traffic, (Traffic{5, 500}));
  EXPECT_FALSE(eth.sent);
  ASSERT_EQ(eth.children.size(), 1u);
  EXPECT_EQ(eth.children[0].protocol, "ip");
  EXPECT_EQ(eth.children[0].received, (Traffic{3, 300}));
}

TEST(LiveReport, TakesHandshakesAndTheirSummaries) {
  const Report report = report_of(R"({
      "handshake_totals": {"attempts": 3, "established": 2, "refused": 1, "count": 2, "p50_ns": 5, "p99_ns": 7},
      "handshake_summary": [{"server": {"address": "2001:db8::1", "port": 443}, "attempts": 3, "count": 2, "p50_ns": 5},
                            {"other": true, "attempts": 9}],
      "handshake_ports": [{"port": 443, "attempts": 3}],
      "handshakes": [{"client": {"address": "10.0.0.1", "port": 40000}, "server": {"address": "10.0.0.2", "port": 443},
                      "outcome": "half-open", "syn_timestamp": "7.000000001", "syn_ack_rtt_ns": 12, "ambiguous": false}]})");
  EXPECT_EQ(report.handshake_totals.established, 2u);
  EXPECT_EQ(report.rtt_overall.p99_ns, 7);
  ASSERT_EQ(report.handshakes_by_server.size(), 1u) << "the row of all others has no name";
  EXPECT_EQ(report.handshakes_by_server[0].server.address.to_string(), "2001:db8::1");
  EXPECT_EQ(report.handshakes_by_port[0].server.port, 443);
  ASSERT_EQ(report.handshakes.size(), 1u);
  EXPECT_EQ(report.handshakes[0].outcome, HandshakeOutcome::HalfOpen);
  EXPECT_EQ(report.handshakes[0].syn_time.ns, 7'000'000'001);
  EXPECT_EQ(report.handshakes[0].syn_ack_rtt_ns, 12);
  EXPECT_FALSE(report.handshakes[0].ack_rtt_ns);
}

TEST(LiveReport, TakesDestinationsAndConversationsOfTwoAnswers) {
  Report report;
  const auto add = [&](const char* text) {
    add_sections(std::make_shared<const Json>(Json::parse(text)), report);
  };
  add(R"({"destination_count": 7, "destinations": [{"address": "10.0.0.2", "packets": 9, "bytes": 900,
          "ports": [{"transport": "udp", "port": 53, "packets": 9, "bytes": 900}]}]})");
  add(R"({"conversation_count": 1, "conversations": [{"transport": "tcp", "client": {"address": "10.0.0.1"},
          "server": {"address": "10.0.0.2", "port": 80}, "application": "http", "connections": 4,
          "to_server": {"packets": 1, "bytes": 2}, "to_client": {"packets": 3, "bytes": 4}}]})");
  EXPECT_EQ(report.destination_count, 7u);
  EXPECT_EQ(report.destinations[0].ports[0].ip_protocol, 17);
  EXPECT_EQ(report.conversations[0].application, "http") << "the first document is kept as well";
  EXPECT_EQ(report.conversations[0].ip_protocol, 6);
}

TEST(LiveReport, TakesWhatIsOfAnotherKindThanExpectedForUnknown) {
  for (const char* text :
       {R"({"protocol_hierarchy": 7, "destinations": {}, "handshake_totals": [1]})",
        R"({"destinations": [null, 5, "x", {"address": 7, "packets": -1, "ports": 3}]})",
        R"({"handshakes": [{"client": [], "syn_timestamp": 5, "syn_ack_rtt_ns": "x"}]})",
        R"({"handshake_summary": [{"server": {"address": "nowhere", "port": 99999}}]})", "[]", "null"}) {
    const Report report = report_of(text);
    EXPECT_EQ(report.capture.traffic.packets, 0u) << text;
  }
}

TEST(LiveReport, GoesOnlySoDeepIntoATreeWithoutEnd) {
  std::string text = R"({"protocol_hierarchy": [)", end = "]}";
  for (int i = 0; i < 10'000; ++i) {
    text += R"({"protocol": "gre", "children": [)";
    end = "]}" + end;
  }
  const Report report = report_of(text + end);
  EXPECT_EQ(report.protocol_hierarchy.size(), 1u);
}

}  // namespace
}  // namespace wirewatch
