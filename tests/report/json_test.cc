// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/report/json_writer.h"
#include "tests/report/captured_output.h"
#include "tests/report/sample_report.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

/// DESIGN section 4, as it stands there: every key must be in a full report, with a value of this type.
constexpr const char* kSchema = R"({ "schema": "wirewatch/report/1",
  "capture": {"path": "...", "format": "pcap|pcapng|netmon", "link_type": "EN10MB", "packets": 0, "bytes": 0,
              "first_timestamp": "0.000000000", "last_timestamp": "0.000000000", "timestamp_source": "file",
              "timestamp_resolution_ns": 1000, "truncated": false, "unread": {}},
  "handshakes": [{"client": {"address": "", "port": 0}, "server": {"address": "", "port": 0}, "outcome": "established",
                  "syn_timestamp": "", "syn_ack_timestamp": "", "syn_ack_rtt_ns": 0, "ack_rtt_ns": 0, "initial_rtt_ns": 0,
                  "syn_retransmissions": 0, "syn_ack_retransmissions": 0, "ambiguous": false}],
  "handshake_summary": [{"server": {"address": "", "port": 0}, "count": 0, "p50_ns": 0, "p90_ns": 0, "p99_ns": 0, "max_ns": 0}],
  "protocol_hierarchy": [{"protocol": "eth", "packets": 0, "bytes": 0, "sent": {"packets": 0, "bytes": 0}, "received": {"packets": 0, "bytes": 0},
                          "children": [{"protocol": "ip"}]}],
  "destinations": [{"address": "", "packets": 0, "bytes": 0, "ports": [{"transport": "tcp", "port": 0, "packets": 0, "bytes": 0}]}],
  "flows": [{"transport": "tcp", "client": {"address": "", "port": 0}, "server": {"address": "", "port": 0}, "application": "tls",
             "category": "", "evidence": "payload", "host": "sni-or-host", "packets": 0, "bytes": 0,
             "to_server": {"packets": 0, "bytes": 0}, "to_client": {"packets": 0, "bytes": 0}, "first_timestamp": "", "last_timestamp": ""}],
  "applications": [{"name": "", "category": "", "flows": 0, "packets": 0, "bytes": 0, "sent": {"packets": 0, "bytes": 0}, "received": {"packets": 0, "bytes": 0}}],
  "unwanted": [{"application": "", "client": {"address": "", "port": 0}, "server": {"address": "", "port": 0}, "evidence": "", "packets": 0, "bytes": 0}],
  "accounting": {"read": 0, "processed": 0, "malformed": {"ipv4_short": 0}, "evicted": {}, "guessed": 0} })";

void expect_shape(const Json& expected, const Json& actual, const std::string& path) {
  const bool same_kind = expected.is_number() ? actual.is_number_integer() : expected.type() == actual.type();
  ASSERT_TRUE(same_kind) << path << " is a " << actual.type_name() << ", not a " << expected.type_name();
  if (expected.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      ASSERT_TRUE(actual.contains(key)) << path << "." << key << " is missing";
      expect_shape(value, actual[key], path + "." + key);
    }
  }
  if (expected.is_array() && !expected.empty()) {
    ASSERT_FALSE(actual.empty()) << path;
    expect_shape(expected[0], actual[0], path + "[0]");
  }
}

std::string text_of(const Report& report, const JsonOptions& options = {}) {
  return testing::captured([&](Output& out) { write_json(report, options, out); });
}

Json json_of(const Report& report, const JsonOptions& options = {}) {
  return Json::parse(text_of(report, options));
}

TEST(JsonReport, HasEveryKeyOfTheSchema) {
  expect_shape(Json::parse(kSchema), json_of(testing::sample_report()), "report");
}

TEST(JsonReport, SaysWhatTheCaptureIs) {
  const Json capture = json_of(testing::sample_report())["capture"];
  EXPECT_EQ(capture["path"], "office.pcapng");
  EXPECT_EQ(capture["packets"], 52'139);
  EXPECT_EQ(capture["first_timestamp"], "1772360523.123456000");
  EXPECT_EQ(capture["truncated"], true);
  EXPECT_EQ(capture["unread"], Json({{"truncated_record", 1}}));
  EXPECT_TRUE(capture["damage"].get<std::string>().starts_with("the file ends"));
}

TEST(JsonReport, GivesAllThreeLegsOfAHandshake) {
  const Json handshake = json_of(testing::sample_report())["handshakes"][0];
  EXPECT_EQ(
      handshake,
      Json::parse(
          R"({"client": {"address": "10.0.0.5", "port": 51034}, "server": {"address": "93.184.216.34", "port": 443},
    "outcome": "established", "syn_timestamp": "1772360523.123456000", "syn_ack_timestamp": "1772360523.135801678",
    "syn_ack_rtt_ns": 12345678, "ack_rtt_ns": 87000, "initial_rtt_ns": 12432678, "syn_retransmissions": 0, "syn_ack_retransmissions": 0,
    "ambiguous": false})"));
}

TEST(JsonReport, LeavesOutWhatIsNotKnown) {
  const Json report = json_of(testing::sample_report());
  const Json& unanswered = report["handshakes"][3];
  EXPECT_EQ(unanswered["outcome"], "unanswered");
  for (const char* key : {"syn_ack_timestamp", "syn_ack_rtt_ns", "ack_rtt_ns", "initial_rtt_ns"})
    EXPECT_FALSE(unanswered.contains(key)) << key;
  const Json& nameless = report["flows"][3];
  for (const char* key : {"application", "category", "evidence", "host", "host_source", "alpn", "ja4", "user_agent", "service",
                          "service_category", "encrypted_hello"})
    EXPECT_FALSE(nameless.contains(key)) << key;
  EXPECT_FALSE(report["handshake_summary"][3].contains("p50_ns"));
  EXPECT_FALSE(report["conversations"][3].contains("application"))
      << "'unknown' is not the name of an application";
  const Json& arp = report["protocol_hierarchy"][0]["children"][2];
  EXPECT_EQ(arp, Json::parse(R"({"protocol": "arp", "packets": 412, "bytes": 24720, "children": []})"));
  const Json untimed = json_of(testing::report_without_tcp());
  EXPECT_FALSE(untimed["capture"].contains("first_timestamp"));
}

TEST(JsonReport, LeavesOutTimesOfFlowsWithoutAny) {
  Report report = testing::sample_report();
  report.flows[0].first_time = report.flows[0].last_time = kNoTimestamp;
  const Json flow = json_of(report)["flows"][0];
  EXPECT_FALSE(flow.contains("first_timestamp"));
  EXPECT_FALSE(flow.contains("last_timestamp"));
}

TEST(JsonReport, TellsTheNamesOfAFlowAndItsService) {
  const Json report = json_of(testing::sample_report());
  const Json flow = report["flows"][0];
  EXPECT_EQ(flow["host_source"], "sni");
  EXPECT_EQ(flow["service"], "example-web");
  EXPECT_EQ(flow["service_category"], "reference");
  EXPECT_EQ(flow["alpn"], "h2");
  EXPECT_EQ(flow["ja4"], "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(flow["encrypted_hello"], true);
  EXPECT_EQ(report["services"][0]["service"], "video-site");
  EXPECT_EQ(report["services"][0]["client"]["address"], "10.0.0.5");
  EXPECT_EQ(report["services"][0]["bytes"], 180'400 + 8'100'432);
}

TEST(JsonReport, AddsUpBothDirectionsOfAFlow) {
  const Json flow = json_of(testing::sample_report())["flows"][0];
  EXPECT_EQ(flow["packets"], 253);
  EXPECT_EQ(flow["bytes"], 186'304);
  EXPECT_EQ(flow["to_server"], Json::parse(R"({"packets": 120, "bytes": 14004})"));
  EXPECT_EQ(flow["host"], "www.example.com");
  EXPECT_EQ(flow["application"], "tls");
}

TEST(JsonReport, AddsTotalsPortsEndpointsAndConversations) {
  const Json report = json_of(testing::sample_report());
  EXPECT_EQ(report["handshake_totals"]["attempts"], 801);
  EXPECT_EQ(report["handshake_totals"]["half_open"], 10);
  EXPECT_EQ(report["handshake_totals"]["p99_ns"], 130'200'000);
  EXPECT_EQ(report["handshake_ports"][1]["port"], 445);
  EXPECT_EQ(report["handshake_ports"][1]["p50_ns"], 102'000);
  EXPECT_EQ(report["endpoints"][0]["connections_opened"], 702);
  EXPECT_EQ(report["conversations"][0]["client"], Json({{"address", "10.0.0.5"}}));
  EXPECT_EQ(report["conversations"][0]["server"]["port"], 443);
  EXPECT_EQ(report["rules"]["sha256"], testing::sample_report().rules_sha256);
}

TEST(JsonReport, NamesTheFilesWhenThereAreSeveral) {
  const std::vector<std::string> files{"a.pcap", "b.pcap"};
  EXPECT_EQ(json_of(testing::sample_report(), {files, {}})["files"], Json(files));
  EXPECT_FALSE(json_of(testing::sample_report(), {std::span(files).first(1), {}}).contains("files"));
}

TEST(JsonReport, SaysWhatItWasRestrictedTo) {
  EXPECT_EQ(json_of(testing::sample_report(), {{}, 111})["only_port"], 111);
  EXPECT_FALSE(json_of(testing::sample_report()).contains("only_port"));
  const auto filtered = json_of(testing::sample_report(), {.display_filter = "tcp.port == 111", .bpf = "host \"x\""});
  EXPECT_EQ(filtered["display_filter"], "tcp.port == 111");
  EXPECT_EQ(filtered["bpf"], "host \"x\"");
  EXPECT_FALSE(json_of(testing::sample_report()).contains("display_filter"));
}

TEST(JsonReport, StaysValidWhateverHostsAndPathsHold) {
  const Json report = json_of(testing::hostile_report());
  const auto host = report["flows"][0]["host"].get<std::string>();
  EXPECT_TRUE(host.starts_with("=cmd|'/c calc'!A1\x1b[2J\x07\",\r\n\xef\xbf\xbd\xef\xbf\xbd\xe2\x80\xae"))
      << host;
}

TEST(JsonReport, IsWholeForCapturesWithNothingInThem) {
  for (const Report& report :
       {testing::empty_report(), testing::undissected_report(), testing::report_without_tcp()}) {
    const Json json = json_of(report);
    EXPECT_EQ(json["handshakes"], Json::array());
    EXPECT_EQ(json["capture"]["packets"], report.capture.traffic.packets);
    EXPECT_EQ(json["accounting"]["evicted"], Json::object());
  }
}

TEST(JsonReport, PutsEveryRowOnItsOwnLine) {
  const std::string text = text_of(testing::sample_report());
  EXPECT_NE(text.find("\n{\"transport\":\"tcp\",\"client\":{\"address\":\"10.0.0.5\",\"port\":51034}"),
            std::string::npos);
  EXPECT_EQ(text.back(), '\n');
}

TEST(JsonWriter, EscapesEveryByteThatNeedsIt) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    const std::string written =
        testing::captured([&](Output& out) { JsonWriter(out).value(std::string_view(text)); });
    const auto read = Json::parse(written).get<std::string>();
    EXPECT_EQ(read, byte < 0x80 ? text
                                : "a\xef\xbf\xbd"
                                  "b")
        << byte;
  }
}

}  // namespace
}  // namespace wirewatch
