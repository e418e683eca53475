// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/base/timestamp.h"
#include "tests/report/sample_report.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>

namespace wirewatch::testing {
namespace {

constexpr int64_t kMicrosecond = 1'000;
constexpr int64_t kMillisecond = 1'000'000;
constexpr Timestamp kStart{1'772'360'523 * kSecond_ns + 123'456'000};  // 2026-03-01 10:22:03.123456 UTC

constexpr ApplicationId kTls = 1, kBitTorrent = 2, kDns = 3;

Timestamp after(int64_t ns) { return {kStart.ns + ns}; }

Endpoint endpoint(std::string_view text, uint16_t port) { return {address(text), port}; }

RttSummary rtt(uint64_t count, int64_t p50, int64_t p90, int64_t p99, int64_t max, int64_t min) {
  return {count, p50, p90, p99, max, min};
}

HierarchyNode node(std::string_view protocol, Traffic traffic, std::vector<HierarchyNode> children = {}) {
  return {protocol, traffic, Traffic{traffic.packets / 3, traffic.bytes / 10},
          Traffic{traffic.packets - traffic.packets / 3, traffic.bytes - traffic.bytes / 10},
          std::move(children)};
}

CaptureSection sample_capture() {
  CaptureSection capture;
  capture.path = "office.pcapng";
  capture.format = "pcapng";
  capture.link_type = "EN10MB";
  capture.traffic = {52'139, 48'323'507};
  capture.first_timestamp = kStart;
  capture.last_timestamp = after(252 * kSecond_ns + 530'865 * kMicrosecond);
  capture.truncated = true;
  capture.damage = "the file ends inside a block: at byte 48900112 only 310 more follow";
  capture.unread = {{"truncated_record", 1}};
  return capture;
}

std::vector<HandshakeRecord> sample_handshakes() {
  HandshakeRecord fast;
  fast.client = endpoint("10.0.0.5", 51'034);
  fast.server = endpoint("93.184.216.34", 443);
  fast.outcome = HandshakeOutcome::Established;
  fast.syn_time = after(0);
  fast.syn_ack_time = after(12'345'678);
  fast.syn_ack_rtt_ns = 12'345'678;
  fast.ack_rtt_ns = 87 * kMicrosecond;
  fast.initial_rtt_ns = 12'432'678;
  fast.syn_frame = 1;
  HandshakeRecord slow = fast;
  slow.client = endpoint("2001:db8:4f2:1::7a31", 40'112);
  slow.server = endpoint("2606:2800:220:1:248:1893:25c8:1946", 443);
  slow.syn_time = after(3 * kSecond_ns);
  slow.syn_ack_time = after(4 * kSecond_ns + 20 * kMillisecond);
  slow.syn_ack_rtt_ns = kSecond_ns + 20 * kMillisecond;
  slow.syn_frame = 812;
  HandshakeRecord resent = fast;
  resent.syn_retransmissions = 2;
  resent.syn_ack_rtt_ns = 3 * kSecond_ns;
  HandshakeRecord unanswered;
  unanswered.client = endpoint("10.0.0.9", 61'000);
  unanswered.server = endpoint("192.0.2.77", 8443);
  unanswered.syn_time = after(5 * kSecond_ns);
  unanswered.syn_frame = 977;
  return {fast, resent, slow, unanswered};
}

HandshakeGroup group(Endpoint server, RttSummary times, uint64_t established, uint64_t refused,
                     uint64_t unanswered, uint64_t half_open, uint64_t ambiguous) {
  HandshakeGroup made;
  made.server = server;
  made.rtt = times;
  made.attempts = established + refused + unanswered + half_open;
  made.established = established;
  made.refused = refused;
  made.unanswered = unanswered;
  made.half_open = half_open;
  made.ambiguous = ambiguous;
  return made;
}

void add_handshakes(Report& report) {
  report.handshakes = sample_handshakes();
  for (const HandshakeRecord& each : report.handshakes) {
    if (each.timed()) report.slowest_handshakes.push_back(each);
  }
  std::ranges::stable_sort(report.slowest_handshakes, std::greater<>(), &HandshakeRecord::syn_ack_rtt_ns);
  report.rtt_overall = rtt(721, 12'345'678, 45'100'000, 130'200'000, 1'020 * kMillisecond, 91 * kMicrosecond);
  report.handshake_totals = group({}, report.rtt_overall, 740, 31, 20, 10, 19);
  report.handshake_count = 801;
  report.handshakes_by_server = {
      group(endpoint("93.184.216.34", 443),
            rtt(420, 11'900'000, 14'200'000, 31 * kMillisecond, 88 * kMillisecond, 10'100'000), 424, 0, 2, 0,
            6),
      group(endpoint("2606:2800:220:1:248:1893:25c8:1946", 443),
            rtt(160, 44'800'000, 61'000'000, 410 * kMillisecond, 1'020 * kMillisecond, 40 * kMillisecond),
            165, 0, 0, 1, 5),
      group(
          endpoint("10.0.0.2", 445),
          rtt(141, 102 * kMicrosecond, 180 * kMicrosecond, 950 * kMicrosecond, 2'040'000, 91 * kMicrosecond),
          150, 30, 0, 9, 8),
      group(endpoint("192.0.2.77", 8443), {}, 0, 0, 18, 0, 0)};
  report.handshakes_by_port = {
      group({{}, 443},
            rtt(580, 12'300'000, 46 * kMillisecond, 131 * kMillisecond, 1'020 * kMillisecond, 10'100'000),
            590, 1, 2, 1, 11),
      group(
          {{}, 445},
          rtt(141, 102 * kMicrosecond, 180 * kMicrosecond, 950 * kMicrosecond, 2'040'000, 91 * kMicrosecond),
          150, 30, 0, 9, 8),
      group({{}, 8443}, {}, 0, 0, 18, 0, 0)};
  report.handshake_server_count = report.handshakes_by_server.size();
  report.handshake_port_count = report.handshakes_by_port.size();
}

void add_protocols(Report& report) {
  HierarchyNode arp{"arp", {412, 24'720}, {}, {}, {}};
  report.protocol_hierarchy = {
      node("eth", {52'139, 48'323'507},
           {node("ip", {41'020, 39'204'118},
                 {node("tcp", {36'100, 37'100'420},
                       {node("tls", {21'003, 29'771'002}), node("bittorrent", {2'044, 2'103'400}),
                        node("smb", {1'802, 902'117})}),
                  node("udp", {4'700, 2'061'218},
                       {node("dns", {1'204, 171'022}),
                        node("vxlan", {820, 702'100},
                             {node("eth", {820, 702'100},
                                   {node("ip", {820, 702'100}, {node("icmp", {820, 702'100})})})})}),
                  node("icmp", {220, 42'480})}),
            node("ipv6", {10'707, 9'094'669},
                 {node("tcp", {10'600, 9'080'001}, {node("tls", {9'300, 8'990'300})}),
                  node("icmpv6", {107, 14'668})}),
            arp})};
  report.application_names = {"unknown", "tls", "bittorrent", "dns"};
  report.application_categories = {"", "web", "p2p", "network"};
  report.applications = {
      {"tls", "web", Evidence::Payload, 585, {30'303, 38'761'302}, {9'120, 2'204'881}, {21'183, 36'556'421}},
      {"bittorrent", "p2p", Evidence::Payload, 3, {2'044, 2'103'400}, {1'020, 1'800'100}, {1'024, 303'300}},
      {"smb", "file-sharing", Evidence::Confirmed, 150, {1'802, 902'117}, {901, 300'020}, {901, 602'097}},
      {"dns", "network", Evidence::Payload, 602, {1'204, 171'022}, {602, 50'100}, {602, 120'922}},
      {"ntp", "network", Evidence::Port, 14, {28, 2'520}, {14, 1'260}, {14, 1'260}}};
  report.policy_given = true;
  const auto unwanted = [](Endpoint client, Endpoint server, Evidence evidence, Traffic traffic,
                           std::string_view host) {
    return UnwantedRow{"bittorrent",         "p2p",   client, server, 6, evidence, after(9 * kSecond_ns),
                       after(200 * kSecond_ns), traffic, host};
  };
  report.unwanted = {unwanted(endpoint("10.0.0.5", 51'413), endpoint("203.0.113.9", 6881), Evidence::Payload,
                              {1'900, 2'004'116}, {}),
                     unwanted(endpoint("10.0.0.5", 51'414), endpoint("198.51.100.23", 51'413),
                              Evidence::Learned, {100, 84'284}, {}),
                     unwanted(endpoint("2001:db8:4f2:1::7a31", 51'413),
                              endpoint("2a02:1812:2c14:5600:9d3:77ff:fe01:8c2a", 6881), Evidence::Payload,
                              {44, 15'000}, "tracker.example.org")};
}

void add_destinations(Report& report) {
  report.destinations = {{address("10.0.0.5"),
                          {20'110, 28'991'204},
                          {{6, 51'034, {9'002, 12'900'100}},
                           {6, 51'035, {8'800, 12'811'080}},
                           {17, 40'001, {1'204, 171'022}},
                           {0, 0, {1'104, 3'109'002}}}},
                         {address("93.184.216.34"), {12'004, 2'204'881}, {{6, 443, {12'004, 2'204'881}}}},
                         {address("2606:2800:220:1:248:1893:25c8:1946"),
                          {5'100, 660'400},
                          {{6, 443, {5'000, 650'400}}, {6, 80, {100, 10'000}}}},
                         {address("10.0.0.2"),
                          {1'980, 402'000},
                          {{6, 445, {1'802, 380'110}}, {17, 53, {120, 12'300}}, {6, 111, {58, 9'590}}}}};
  report.endpoints = {
      {address("10.0.0.5"), {13'200, 3'100'400}, {20'110, 28'991'204}, 702, 3},
      {address("93.184.216.34"), {11'850, 26'904'118}, {12'004, 2'204'881}, 0, 426},
      {address("2606:2800:220:1:248:1893:25c8:1946"), {5'607, 8'434'269}, {5'100, 660'400}, 0, 166},
      {address("10.0.0.2"), {1'760, 640'200}, {1'980, 402'000}, 12, 189}};
  report.conversations = {
      {address("10.0.0.5"),
       endpoint("93.184.216.34", 443),
       6,
       426,
       {12'004, 2'204'881},
       {11'850, 26'904'118},
       "tls"},
      {address("2001:db8:4f2:1::7a31"),
       endpoint("2606:2800:220:1:248:1893:25c8:1946", 443),
       6,
       166,
       {5'100, 660'400},
       {5'607, 8'434'269},
       "tls"},
      {address("10.0.0.5"), endpoint("10.0.0.2", 445), 6, 189, {1'802, 380'110}, {1'700, 602'097}, "smb"},
      {address("10.0.0.9"), endpoint("10.0.0.2", 111), 6, 2, {58, 9'590}, {60, 11'004}, "unknown"}};
}

void add_flows(Report& report) {
  FlowRecord tls;
  tls.client = endpoint("10.0.0.5", 51'034);
  tls.server = endpoint("93.184.216.34", 443);
  tls.ip_protocol = 6;
  tls.evidence = Evidence::Payload;
  tls.application = kTls;
  tls.client_known = true;
  tls.first_time = after(0);
  tls.last_time = after(12 * kSecond_ns);
  tls.to_server = {120, 14'004};
  tls.to_client = {133, 172'300};
  tls.first_frame = 1;
  FlowRecord torrent = tls;
  tls.host = "www.example.com";
  tls.host_source = HostSource::Sni;
  static std::array<char, NameSheet::kMost> room;
  tls.names = NameSheet(NameSheet::pack({.host = tls.host,
                                         .alpn = "h2",
                                         .ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1",
                                         .user_agent = {},
                                         .host_source = HostSource::Sni,
                                         .encrypted_hello = true}, room));
  torrent.client = endpoint("10.0.0.5", 51'413);
  torrent.server = endpoint("203.0.113.9", 6881);
  torrent.application = kBitTorrent;
  FlowRecord lookup = torrent;
  lookup.client = tls.client;
  lookup.server = tls.server;
  lookup.ip_protocol = 17;
  lookup.application = kDns;
  FlowRecord nameless = torrent;
  nameless.client = endpoint("2001:db8:4f2:1::7a31", 40'112);
  nameless.server = endpoint("2001:db8::2", 111);
  nameless.application = kUnknownApplication;
  nameless.evidence = Evidence::None;
  report.flows = {tls, torrent, lookup, nameless};
  report.flow_count = 1'420;
  report.hosts = std::make_shared<const HostList>(
      std::vector<HostService>{{"example-web", "reference"}, {"video-site", "video"}},
      std::vector<ListedDomain>{{"example.com", 0}, {"video.example", 1}});
  report.services = {{address("10.0.0.5"), report.hosts->services()[1].name, "video", 12, {1'204, 180'400}, {6'011, 8'100'432}},
                     {address("10.0.0.5"), report.hosts->services()[0].name, "reference", 1, {120, 14'004}, {133, 172'300}}};
  report.service_count = 2;
}

}  // namespace

IpAddress address(std::string_view text) { return IpAddress::parse(text).value(); }

Report sample_report() {
  Report report;
  report.capture = sample_capture();
  add_handshakes(report);
  add_protocols(report);
  add_destinations(report);
  add_flows(report);
  report.accounting = {52'139, 52'139, 52'100, {{"ipv4_short", 12}, {"tcp_bad_offset", 27}}, {}, 14,
                       1'340,  40,     26};
  report.rules_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  return report;
}

Report empty_report() {
  Report report;
  report.capture.path = "nothing.pcap";
  report.capture.format = "pcap";
  report.capture.link_type = "EN10MB";
  return report;
}

Report undissected_report() {
  Report report = empty_report();
  report.capture.path = "radio.pcap";
  report.capture.link_type = "IEEE802_15_4_NOFCS";
  report.capture.traffic = {31, 1'922};
  report.capture.first_timestamp = kStart;
  report.capture.last_timestamp = after(9 * kSecond_ns);
  report.protocol_hierarchy = {{"ieee802_15_4_nofcs", {31, 1'922}, {}, {}, {}}};
  report.accounting.read = report.accounting.processed = 31;
  report.accounting.malformed = {{"link_type_not_dissected", 31}};
  return report;
}

Report report_without_tcp() {
  Report report = empty_report();
  report.capture.path = "lookups.pcapng";
  report.capture.format = "pcapng";
  report.capture.traffic = {2, 180};
  report.protocol_hierarchy = {
      {"eth",
       {2, 180},
       {},
       {},
       {{"ip", {2, 180}, {}, {}, {{"udp", {2, 180}, {}, {}, {{"dns", {2, 180}, {}, {}, {}}}}}}}}};
  report.destinations = {{address("192.0.2.53"), {1, 80}, {{17, 53, {1, 80}}}},
                         {address("192.0.2.1"), {1, 100}, {{17, 40'000, {1, 100}}}}};
  report.conversations = {
      {address("192.0.2.1"), endpoint("192.0.2.53", 53), 17, 1, {1, 80}, {1, 100}, "dns"}};
  report.applications = {{"dns", "network", Evidence::Payload, 1, {2, 180}, {1, 80}, {1, 100}}};
  report.accounting = {2, 2, 2, {}, {}, 0, 1, 0, 0};
  report.flow_count = 1;
  return report;
}

Report hostile_report() {
  Report report = sample_report();
  static const std::string long_name(300, 'n');
  static const std::string nasty_host =
      std::string("=cmd|'/c calc'!A1\x1b[2J\x07\",\r\n\xff\xfe\xe2\x80\xae", 32) + long_name;
  report.capture.path = "\x1b]0;title\x07 captures/\xe6\xbc\xa2\xe5\xad\x97 \xc2\x9b" + long_name;
  report.capture.damage = "the name " + long_name + " is \x1b[31mred";
  for (UnwantedRow& row : report.unwanted) row.host = nasty_host, row.application = long_name;
  for (ApplicationRow& row : report.applications) row.category = long_name;
  for (Conversation& row : report.conversations) row.application = nasty_host;
  for (FlowRecord& row : report.flows) row.host = nasty_host;
  report.protocol_hierarchy[0].children[0].protocol = long_name;
  report.accounting.malformed.emplace_back(long_name, UINT64_MAX);
  report.handshakes_by_server[0].rtt.max_ns = INT64_MAX;
  report.handshakes_by_server[0].rtt.p50_ns = INT64_MIN;
  report.endpoints[0].address = address("2001:0db8:1234:5678:9abc:def0:1234:5678");
  report.endpoints[0].sent = {UINT64_MAX / 2, UINT64_MAX / 2};
  report.capture.first_timestamp = Timestamp{INT64_MIN + 1};
  report.capture.last_timestamp = Timestamp{INT64_MAX};
  return report;
}

}  // namespace wirewatch::testing
