// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/live_report.h"

#include <array>
#include <limits>
#include <utility>

#include "control/report/view.h"

namespace wirewatch {
namespace {

constexpr int kDeepestTree = 64;  // deeper than any frame; who answers is not to be trusted with our stack

uint16_t port_of(const Json& row) noexcept {
  const uint64_t port = count_of(row, "port");
  return port <= std::numeric_limits<uint16_t>::max() ? static_cast<uint16_t>(port) : uint16_t{0};
}

IpAddress address_of(const Json& row) {
  return IpAddress::parse(text_of(row, "address")).value_or(IpAddress{});
}

uint8_t protocol_of(const Json& row) noexcept {
  const std::string_view transport = text_of(row, "transport");
  for (const uint8_t number : std::to_array<uint8_t>({6, 17, 132, 33, 136})) {
    if (transport_name(number) == transport) return number;
  }
  return 0;
}

std::optional<Traffic> known_traffic(const Json& row, const char* key) {
  const Json& part = member(row, key);
  return part.is_object() && !part.empty() ? std::optional(traffic_of(part)) : std::nullopt;
}

RttSummary rtt_of(const Json& row) {
  RttSummary rtt;
  rtt.count = count_of(row, "count");
  rtt.p50_ns = integer(row, "p50_ns");
  rtt.p90_ns = integer(row, "p90_ns");
  rtt.p99_ns = integer(row, "p99_ns");
  rtt.max_ns = integer(row, "max_ns");
  rtt.min_ns = integer(row, "min_ns");
  return rtt;
}

HandshakeGroup group_of(const Json& row) {
  HandshakeGroup group;
  group.server = endpoint_of(row, "server");
  if (group.server.address.empty()) group.server.port = port_of(row);
  group.rtt = rtt_of(row);
  group.attempts = count_of(row, "attempts");
  group.established = count_of(row, "established");
  group.refused = count_of(row, "refused");
  group.unanswered = count_of(row, "unanswered");
  group.half_open = count_of(row, "half_open");
  group.ambiguous = count_of(row, "ambiguous");
  group.clock_unsteady = count_of(row, "clock_unsteady");
  return group;
}

std::vector<HierarchyNode> tree_of(const Json& rows, int depth) {
  std::vector<HierarchyNode> nodes;
  if (depth == kDeepestTree) return nodes;
  for (const Json& row : rows) {
    HierarchyNode node;
    node.protocol = text_of(row, "protocol");
    node.traffic = traffic_of(row);
    node.sent = known_traffic(row, "sent");
    node.received = known_traffic(row, "received");
    node.children = tree_of(rows_of(row, "children"), depth + 1);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Destination destination_of(const Json& row) {
  Destination destination{address_of(row), traffic_of(row), {}};
  for (const Json& port : rows_of(row, "ports"))
    destination.ports.push_back({protocol_of(port), port_of(port), traffic_of(port)});
  return destination;
}

Conversation conversation_of(const Json& row) {
  Conversation conversation;
  conversation.client = address_of(member(row, "client"));
  conversation.server = endpoint_of(row, "server");
  conversation.ip_protocol = protocol_of(row);
  conversation.connections = count_of(row, "connections");
  conversation.to_server = traffic_of(member(row, "to_server"));
  conversation.to_client = traffic_of(member(row, "to_client"));
  const std::string_view application = text_of(row, "application");
  conversation.application = application.empty() ? kUnknownName : application;
  return conversation;
}

Evidence evidence_of(const Json& row) noexcept {
  const std::string_view name = text_of(row, "evidence");
  for (const Evidence each : {Evidence::Port, Evidence::Learned, Evidence::Confirmed, Evidence::Payload}) {
    if (to_string(each) == name) return each;
  }
  return Evidence::None;
}

ApplicationRow application_of(const Json& row) {
  ApplicationRow application;
  application.name = text_of(row, "name");
  application.category = text_of(row, "category");
  application.evidence = evidence_of(row);
  application.flows = count_of(row, "flows");
  application.traffic = traffic_of(row);
  application.sent = traffic_of(member(row, "sent"));
  application.received = traffic_of(member(row, "received"));
  return application;
}

UnwantedRow unwanted_of(const Json& row) {
  UnwantedRow unwanted;
  unwanted.application = text_of(row, "application");
  unwanted.category = text_of(row, "category");
  unwanted.client = endpoint_of(row, "client");
  unwanted.server = endpoint_of(row, "server");
  unwanted.ip_protocol = protocol_of(row);
  unwanted.evidence = evidence_of(row);
  unwanted.first_time = time_of(row, "first_timestamp").value_or(kNoTimestamp);
  unwanted.last_time = time_of(row, "last_timestamp").value_or(kNoTimestamp);
  unwanted.traffic = traffic_of(row);
  unwanted.host = text_of(row, "host");
  return unwanted;
}

EndpointRow endpoint_row_of(const Json& row) {
  return {address_of(row), traffic_of(member(row, "sent")), traffic_of(member(row, "received")),
          count_of(row, "connections_opened"), count_of(row, "connections_accepted")};
}

template <typename Row>
void add_rows(const Json& document, const char* key, std::vector<Row>& rows, Row (*read)(const Json&)) {
  for (const Json& row : rows_of(document, key)) rows.push_back(read(row));
}

/// Without the row of all that found no row of its own: it has no name to be printed under.
void add_groups(const Json& document, const char* key, std::vector<HandshakeGroup>& groups) {
  for (const Json& row : rows_of(document, key)) {
    if (!flag(row, "other")) groups.push_back(group_of(row));
  }
}

void add_capture(const Json& document, Report& report) {
  const Json& capture = member(document, "capture");
  if (!capture.is_object()) return;
  report.capture.traffic = traffic_of(capture);
  report.capture.first_timestamp = time_of(capture, "first_timestamp");
  report.capture.last_timestamp = time_of(capture, "last_timestamp");
  report.capture.timestamp_source = text_of(capture, "timestamp_source");
  report.capture.timestamp_resolution_ns = integer(capture, "timestamp_resolution_ns").value_or(1);
}

/// Several documents make one report: what they share has to stay alive with all of them.
struct Kept {
  std::shared_ptr<const void> before;
  std::shared_ptr<const Json> document;
};

}  // namespace

Traffic traffic_of(const Json& row) { return {count_of(row, "packets"), count_of(row, "bytes")}; }

Endpoint endpoint_of(const Json& row, const char* key) {
  const Json& endpoint = member(row, key);
  return {address_of(endpoint), port_of(endpoint)};
}

HandshakeRecord handshake_of(const Json& row) {
  HandshakeRecord record;
  record.client = endpoint_of(row, "client");
  record.server = endpoint_of(row, "server");
  const std::string_view outcome = text_of(row, "outcome");
  for (const HandshakeOutcome each : {HandshakeOutcome::Established, HandshakeOutcome::Refused,
                                      HandshakeOutcome::Unanswered, HandshakeOutcome::HalfOpen}) {
    if (to_string(each) == outcome) record.outcome = each;
  }
  record.syn_time = time_of(row, "syn_timestamp").value_or(kNoTimestamp);
  record.syn_ack_time = time_of(row, "syn_ack_timestamp");
  record.syn_ack_rtt_ns = integer(row, "syn_ack_rtt_ns");
  record.ack_rtt_ns = integer(row, "ack_rtt_ns");
  record.initial_rtt_ns = integer(row, "initial_rtt_ns");
  record.syn_retransmissions = static_cast<uint32_t>(count_of(row, "syn_retransmissions"));
  record.syn_ack_retransmissions = static_cast<uint32_t>(count_of(row, "syn_ack_retransmissions"));
  record.clock_unsteady = flag(row, "clock_unsteady");
  return record;
}

void add_sections(const std::shared_ptr<const Json>& document, Report& report) {
  const Json& from = *document;
  add_capture(from, report);
  if (const Json& totals = member(from, "handshake_totals"); totals.is_object()) {
    report.handshake_totals = group_of(totals);
    report.handshake_count = report.handshake_totals.attempts;
    report.rtt_overall = rtt_of(totals);
  }
  add_groups(from, "handshake_summary", report.handshakes_by_server);
  add_groups(from, "handshake_ports", report.handshakes_by_port);
  report.handshake_server_count = report.handshakes_by_server.size();
  report.handshake_port_count = report.handshakes_by_port.size();
  add_rows(from, "handshakes", report.handshakes, handshake_of);
  if (const Json& tree = rows_of(from, "protocol_hierarchy"); !tree.empty())
    report.protocol_hierarchy = tree_of(tree, 0);
  add_rows(from, "destinations", report.destinations, destination_of);
  add_rows(from, "endpoints", report.endpoints, endpoint_row_of);
  add_rows(from, "conversations", report.conversations, conversation_of);
  add_rows(from, "applications", report.applications, application_of);
  add_rows(from, "unwanted", report.unwanted, unwanted_of);
  // The daemon has its policy in its configuration.
  report.policy_given = report.policy_given || from.contains("alert_count");
  report.destination_count += count_of(from, "destination_count");
  report.endpoint_count += count_of(from, "endpoint_count");
  report.conversation_count += count_of(from, "conversation_count");
  report.storage = std::make_shared<Kept>(Kept{report.storage, document});
}

}  // namespace wirewatch
