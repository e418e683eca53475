// SPDX-License-Identifier: BSD-3-Clause
// The bundled capture against what is known of it: which programs ran (scenario.truth.tsv) and what tshark says
// (scenario.tshark.txt, each part under the command that made it).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "control/report/json.h"
#include "dataplane/packet/protocol.h"
#include "tests/replay/scenario.h"
#include "tests/report/captured_output.h"

namespace wirewatch::testing {
namespace {

class Scenario : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  }
  static const Report& report() {
    static const Report made = report_of(bundled("scenario.pcapng"));
    return made;
  }
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> fields_of(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  return fields;
}

/// What tshark printed for the command that contains `part`.
std::vector<std::string> tshark_output(std::string_view part) {
  std::vector<std::string> output;
  bool wanted = false;
  for (const std::string& line : lines_of(bundled("scenario.tshark.txt"))) {
    if (line.starts_with("$ ")) {
      wanted = line.find(part) != std::string::npos;
    } else if (wanted) {
      output.push_back(line);
    }
  }
  return output;
}

/// The truth names families; the rules know their members.
bool is_of_family(std::string_view application, std::string_view family) {
  static const std::map<std::string_view, std::set<std::string_view>> members{
      {"sunrpc", {"portmap", "nfs", "mount"}},
      {"netbios", {"nbns", "nbdgm", "nbss"}},
  };
  if (application == family) return true;
  const auto known = members.find(family);
  return known != members.end() && known->second.contains(application);
}

using ServerKey = std::tuple<std::string, std::string, uint16_t>;  // transport, address, port

std::map<ServerKey, std::string> read_truth() {
  std::map<ServerKey, std::string> truth;
  for (const std::string& line : lines_of(bundled("scenario.truth.tsv"))) {
    if (line.starts_with("#") || line.starts_with("transport")) continue;
    const auto fields = fields_of(line, '\t');
    truth[{fields.at(0), fields.at(1), static_cast<uint16_t>(std::stoul(fields.at(2)))}] = fields.at(3);
  }
  return truth;
}

TEST_F(Scenario, EveryFlowIsWhatRanThere) {
  const auto truth = read_truth();
  ASSERT_GT(truth.size(), 40u);
  ASSERT_GT(report().flows.size(), 100u);
  std::set<ServerKey> met;
  for (const FlowRecord& flow : report().flows) {
    const std::string transport(transport_name(flow.ip_protocol));
    std::vector<std::string> rows;
    for (const Endpoint& end : {flow.client, flow.server}) {
      const ServerKey key{transport, end.address.to_string(), end.port};
      const auto row = truth.find(key);
      if (row == truth.end()) continue;
      rows.push_back(row->second);
      met.insert(key);
    }
    const std::string_view application = report().application_names.at(flow.application);
    SCOPED_TRACE(fmt::format("{} {}:{} to {}:{} in frame {}, {} by {}", transport, flow.client.address.to_string(),
                             flow.client.port, flow.server.address.to_string(), flow.server.port, flow.first_frame,
                             application, to_string(flow.evidence)));
    ASSERT_EQ(rows.size(), 1u);
    if (rows.front() == "-") {
      EXPECT_FALSE(flow.has_payload);
      EXPECT_LE(flow.evidence, Evidence::Port);
    } else if (flow.has_payload) {
      EXPECT_TRUE(is_of_family(application, rows.front())) << "is " << rows.front();
      EXPECT_GE(flow.evidence, Evidence::Confirmed);
    }
  }
  for (const auto& [key, application] : truth) {
    EXPECT_TRUE(met.contains(key)) << std::get<1>(key) << " port " << std::get<2>(key) << " has no flow";
  }
}

TEST_F(Scenario, ClientsAreTheOnesThatAsked) {
  const auto truth = read_truth();
  for (const FlowRecord& flow : report().flows) {
    if (flow.ip_protocol != 6) continue;
    const ServerKey key{"tcp", flow.server.address.to_string(), flow.server.port};
    EXPECT_TRUE(truth.contains(key)) << flow.server.address.to_string() << " port " << flow.server.port << " does not serve";
    EXPECT_TRUE(flow.client_known);
  }
}

TEST_F(Scenario, EverySynAckWaitIsTsharks) {
  // By addresses and ports: frame, client and server in tshark's rows are those of the SYN,ACK.
  std::map<std::string, int64_t> ours;
  for (const HandshakeRecord& handshake : report().handshakes) {
    if (!handshake.syn_ack_rtt_ns) continue;
    ours[fmt::format("{} {} {} {}", handshake.server.address.to_string(), handshake.client.address.to_string(),
                     handshake.server.port, handshake.client.port)] = *handshake.syn_ack_rtt_ns;
  }
  size_t compared = 0;
  std::set<std::string> met;
  for (const std::string_view command : {"-Y 'ip && tcp.flags.syn==1", "-Y 'ipv6 && tcp.flags.syn==1"}) {
    for (const std::string& line : tshark_output(command)) {
      const auto fields = fields_of(line, '\t');
      if (fields.size() < 6 || fields[0] == "frame.number") continue;
      const std::string key = fmt::format("{} {} {} {}", fields[1], fields[2], fields[3], fields[4]);
      if (!met.insert(key).second) continue;  // carol's SYN,ACK again: the first one that acknowledges the SYN counts
      ASSERT_TRUE(ours.contains(key)) << line;
      EXPECT_EQ(ours[key], std::llround(std::stod(fields[5]) * 1e9)) << line;
      ++compared;
    }
  }
  EXPECT_GT(compared, 100u);
  EXPECT_EQ(compared, ours.size());
}

TEST_F(Scenario, AttemptsThatWereLostOrRefusedAreToldApart) {
  std::map<std::string, std::map<HandshakeOutcome, int>> outcomes;
  int resent_syns = 0, resent_syn_acks = 0;
  for (const HandshakeRecord& handshake : report().handshakes) {
    ++outcomes[fmt::format("{} {}", handshake.server.address.to_string(), handshake.server.port)][handshake.outcome];
    if (handshake.outcome != HandshakeOutcome::Established) continue;
    if (handshake.syn_retransmissions > 0) ++resent_syns;
    if (handshake.syn_ack_retransmissions > 0) ++resent_syn_acks;
  }
  for (const std::string_view address : {"10.20.0.30", "2001:db8:20::30"}) {
    const auto refused = outcomes[fmt::format("{} 8081", address)], lost = outcomes[fmt::format("{} 8444", address)];
    EXPECT_EQ(refused.size(), 1u);
    EXPECT_GT(refused.contains(HandshakeOutcome::Refused), 0) << address;
    EXPECT_EQ(lost.size(), 1u);
    EXPECT_GT(lost.contains(HandshakeOutcome::Unanswered), 0) << address;
  }
  EXPECT_EQ(resent_syns, 6) << "RDP, SMB, two of TLS, HTTP, and carol, who waited for the SYN,ACK";
  EXPECT_EQ(resent_syn_acks, 1) << "to carol";
}

/// Rows "path frames bytes" of the nodes named in `known`, and of nothing below others.
using Rows = std::map<std::string, std::pair<uint64_t, uint64_t>>;

void add_rows(const std::vector<HierarchyNode>& nodes, const std::string& above, const std::set<std::string_view>& known, Rows& rows) {
  for (const HierarchyNode& node : nodes) {
    if (!known.contains(node.protocol)) continue;
    const std::string path = above + "/" + std::string(node.protocol);
    rows[path] = {node.traffic.packets, node.traffic.bytes};
    add_rows(node.children, path, known, rows);
  }
}

TEST_F(Scenario, TheHierarchyUpToTheTransportIsTsharks) {
  std::set<std::string_view> known(kProtocolNames.begin(), kProtocolNames.end());
  known.erase("data");
  Rows ours, tsharks;
  add_rows(report().protocol_hierarchy, "", known, ours);
  std::vector<std::string> open;
  for (const std::string& line : tshark_output("-z io,phs")) {
    const size_t frames = line.find(" frames:");
    if (frames == std::string::npos) continue;
    const size_t indent = line.find_first_not_of(' ');
    open.resize(indent / 2);
    open.push_back(line.substr(indent, line.find(' ', indent) - indent));
    std::string path;
    bool all_known = true;
    for (const std::string& name : open) {
      all_known = all_known && known.contains(name);
      path += "/" + name;
    }
    if (all_known) tsharks[path] = {std::stoull(line.substr(frames + 8)), std::stoull(line.substr(line.find("bytes:") + 6))};
  }
  ASSERT_GT(tsharks.size(), 5u);
  EXPECT_EQ(ours, tsharks);
}

/// Packets by "address", "address transport" and "address transport port".
using Counts = std::map<std::string, uint64_t>;

Counts destinations_of_tshark(std::string_view command) {
  Counts counts;
  std::string address, transport;
  for (const std::string& line : tshark_output(command)) {
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || indent == 0 || indent > 3) continue;
    std::istringstream words(line);
    std::string name;
    uint64_t count = 0;
    if (!(words >> name >> count)) continue;
    if (indent == 1) address = name;
    if (indent == 2) transport = name == "TCP" ? "tcp" : name == "UDP" ? "udp" : "none";
    if (indent == 1) counts[address] = count;
    if (indent == 2) counts[address + " " + transport] += count;
    if (indent == 3 && transport != "none") counts[address + " " + transport + " " + name] = count;
  }
  return counts;
}

TEST_F(Scenario, DestinationsAndPortsAreTsharks) {
  Counts tsharks = destinations_of_tshark("-z dests,tree");
  tsharks.merge(destinations_of_tshark("-z ipv6_dests,tree"));
  ASSERT_GT(tsharks.size(), 100u);
  // The three port unreachables: tshark counts them with the ports of the packet they quote, and has no "none" then.
  for (const auto& [address, port] : {std::pair{"10.20.0.10", "514"}, {"2001:db8:20::10", "514"}, {"203.0.113.80", "51413"}}) {
    const std::string udp = fmt::format("{} udp", address);
    for (const std::string& row : {udp, fmt::format("{} {}", udp, port)}) {
      ASSERT_GT(tsharks[row], 0u) << row;
      if (--tsharks[row] == 0) tsharks.erase(row);
    }
    ++tsharks[fmt::format("{} none", address)];
  }
  Counts ours;
  for (const Destination& row : report().destinations) {
    const std::string address = row.address.to_string();
    ours[address] = row.traffic.packets;
    uint64_t with_port = 0;
    for (const DestinationPort& port : row.ports) {
      const std::string transport(transport_name(port.ip_protocol));
      ours[address + " " + transport] += port.traffic.packets;
      ours[fmt::format("{} {} {}", address, transport, port.port)] = port.traffic.packets;
      with_port += port.traffic.packets;
    }
    if (row.traffic.packets > with_port) ours[address + " none"] = row.traffic.packets - with_port;
  }
  EXPECT_EQ(ours, tsharks);
}

std::string json_of(const std::string& name) {
  const Report made = report_of(bundled(name));
  return captured([&](Output& out) { write_json(made, {.files = {}, .only_port = {}}, out); });
}

TEST_F(Scenario, AllThreeFormatsGiveTheSameFlowsAndCounts) {
  const Report& pcapng = report();
  for (const std::string name : {"scenario.cap", "scenario.netmon.cap"}) {
    SCOPED_TRACE(name);
    const Report other = report_of(bundled(name));
    EXPECT_EQ(other.capture.traffic, pcapng.capture.traffic);
    ASSERT_EQ(other.flows.size(), pcapng.flows.size());
    for (size_t i = 0; i < other.flows.size(); ++i) {
      const FlowRecord &a = other.flows[i], &b = pcapng.flows[i];
      SCOPED_TRACE(b.first_frame);
      EXPECT_EQ(a.client, b.client);
      EXPECT_EQ(a.server, b.server);
      EXPECT_EQ(a.application, b.application);
      EXPECT_EQ(a.evidence, b.evidence);
      EXPECT_EQ(a.host, b.host);
      EXPECT_EQ(a.to_server, b.to_server);
      EXPECT_EQ(a.to_client, b.to_client);
      EXPECT_EQ(a.first_time.ns / 1000, b.first_time.ns / 1000);
      EXPECT_EQ(a.last_time.ns / 1000, b.last_time.ns / 1000);
    }
    ASSERT_EQ(other.handshakes.size(), pcapng.handshakes.size());
    std::map<uint64_t, const HandshakeRecord*> by_frame;  // microseconds may put two in another order
    for (const HandshakeRecord& each : other.handshakes) by_frame[each.syn_frame] = &each;
    for (const HandshakeRecord& b : pcapng.handshakes) {
      ASSERT_TRUE(by_frame.contains(b.syn_frame));
      const HandshakeRecord& a = *by_frame[b.syn_frame];
      EXPECT_EQ(a.client, b.client);
      EXPECT_EQ(a.outcome, b.outcome);
      EXPECT_EQ(a.syn_retransmissions, b.syn_retransmissions);
      EXPECT_EQ(a.syn_ack_rtt_ns.has_value(), b.syn_ack_rtt_ns.has_value());
      if (!a.syn_ack_rtt_ns || !b.syn_ack_rtt_ns) continue;
      EXPECT_LT(std::abs(*a.syn_ack_rtt_ns - *b.syn_ack_rtt_ns), 1000);
    }
  }
}

TEST_F(Scenario, PcapAndNetMonSayTheSameToTheByte) {
  const auto from_handshakes = [](const std::string& json) {
    const size_t at = json.find("\"handshakes\"");
    EXPECT_NE(at, std::string::npos);
    return json.substr(at);
  };
  EXPECT_EQ(from_handshakes(json_of("scenario.cap")), from_handshakes(json_of("scenario.netmon.cap")));
}

TEST_F(Scenario, SumsBalance) {
  const Report& made = report();
  const AccountingSection& sums = made.accounting;
  EXPECT_EQ(sums.read, sums.processed);
  uint64_t accounted = sums.understood;
  for (const auto& [name, count] : sums.malformed) accounted += count;
  EXPECT_EQ(accounted, sums.processed);
  EXPECT_TRUE(sums.evicted.empty());
  Traffic roots;
  for (const HierarchyNode& node : made.protocol_hierarchy) roots += node.traffic;
  EXPECT_EQ(roots, made.capture.traffic);
  EXPECT_EQ(made.flow_count, made.flows.size());
  EXPECT_EQ(sums.classified + sums.guessed + sums.unclassified + sums.without_payload, made.flow_count);
  const HandshakeGroup& totals = made.handshake_totals;
  EXPECT_EQ(totals.established + totals.refused + totals.unanswered + totals.half_open, made.handshake_count);
}

}  // namespace
}  // namespace wirewatch::testing
