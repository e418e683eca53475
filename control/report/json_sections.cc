// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/json_sections.h"

#include "control/report/json_fields.h"
#include "control/report/view.h"

namespace wirewatch {
namespace {

void write_rtt(JsonWriter& json, const RttSummary& rtt) {
  json.field("count", rtt.count);
  write_known(json, "p50_ns", rtt.p50_ns);
  write_known(json, "p90_ns", rtt.p90_ns);
  write_known(json, "p99_ns", rtt.p99_ns);
  write_known(json, "max_ns", rtt.max_ns);
  write_known(json, "min_ns", rtt.min_ns);
}

void write_outcomes(JsonWriter& json, const HandshakeGroup& group) {
  json.field("attempts", group.attempts);
  json.field("established", group.established);
  json.field("refused", group.refused);
  json.field("unanswered", group.unanswered);
  json.field("half_open", group.half_open);
  json.field("ambiguous", group.ambiguous);
  if (group.clock_unsteady > 0) json.field("clock_unsteady", group.clock_unsteady);
}

void write_hierarchy(JsonWriter& json, const std::vector<HierarchyNode>& nodes) {
  for (const HierarchyNode& node : nodes) {
    json.new_line();
    json.begin_object();
    json.field("protocol", node.protocol);
    write_traffic_fields(json, node.traffic);
    if (node.sent) write_traffic(json, "sent", *node.sent);
    if (node.received) write_traffic(json, "received", *node.received);
    json.key("children");
    json.begin_array();
    write_hierarchy(json, node.children);
    json.end_array();
    json.end_object();
  }
}

void write_destination(JsonWriter& json, const Destination& destination) {
  json.field("address", destination.address);
  write_traffic_fields(json, destination.traffic);
  json.key("ports");
  json.begin_array();
  for (const DestinationPort& port : destination.ports) {
    json.begin_object();
    json.field("transport", transport_name(port.ip_protocol));
    json.field("port", port.port);
    write_traffic_fields(json, port.traffic);
    json.end_object();
  }
  json.end_array();
}

void write_endpoint_row(JsonWriter& json, const EndpointRow& endpoint) {
  json.field("address", endpoint.address);
  write_traffic(json, "sent", endpoint.sent);
  write_traffic(json, "received", endpoint.received);
  json.field("connections_opened", endpoint.connections_opened);
  json.field("connections_accepted", endpoint.connections_accepted);
}

void write_conversation(JsonWriter& json, const Conversation& conversation) {
  json.field("transport", transport_name(conversation.ip_protocol));
  json.key("client");
  json.begin_object();
  json.field("address", conversation.client);
  json.end_object();
  write_endpoint(json, "server", conversation.server);
  if (conversation.application != kUnknownName) write_text(json, "application", conversation.application);
  json.field("connections", conversation.connections);
  write_traffic(json, "to_server", conversation.to_server);
  write_traffic(json, "to_client", conversation.to_client);
}

void write_application(JsonWriter& json, const ApplicationRow& application) {
  json.field("name", application.name);
  write_text(json, "category", application.category);
  if (application.evidence != Evidence::None) json.field("evidence", to_string(application.evidence));
  json.field("flows", application.flows);
  write_traffic_fields(json, application.traffic);
  write_traffic(json, "sent", application.sent);
  write_traffic(json, "received", application.received);
}

}  // namespace

void write_capture(JsonWriter& json, const CaptureSection& capture) {
  json.key("capture");
  json.begin_object();
  json.field("path", capture.path);
  json.field("format", capture.format);
  json.field("link_type", capture.link_type);
  write_traffic_fields(json, capture.traffic);
  write_known(json, "first_timestamp", capture.first_timestamp);
  if (capture.last_timestamp_beyond.empty()) {
    write_known(json, "last_timestamp", capture.last_timestamp);
  } else {
    json.field("last_timestamp", capture.last_timestamp_beyond);
  }
  json.field("timestamp_source", capture.timestamp_source);
  json.field("timestamp_resolution_ns", capture.timestamp_resolution_ns);
  json.field("truncated", capture.truncated);
  write_text(json, "damage", capture.damage);
  write_counts(json, "unread", capture.unread);
  json.end_object();
}

void write_handshake_fields(JsonWriter& json, const HandshakeRecord& handshake) {
  write_endpoint(json, "client", handshake.client);
  write_endpoint(json, "server", handshake.server);
  json.field("outcome", to_string(handshake.outcome));
  write_time(json, "syn_timestamp", handshake.syn_time);
  if (handshake.syn_ack_time) write_time(json, "syn_ack_timestamp", *handshake.syn_ack_time);
  write_known(json, "syn_ack_rtt_ns", handshake.syn_ack_rtt_ns);
  write_known(json, "ack_rtt_ns", handshake.ack_rtt_ns);
  write_known(json, "initial_rtt_ns", handshake.initial_rtt_ns);
  json.field("syn_retransmissions", handshake.syn_retransmissions);
  json.field("syn_ack_retransmissions", handshake.syn_ack_retransmissions);
  json.field("ambiguous", handshake.ambiguous());
  if (handshake.clock_unsteady) json.field("clock_unsteady", true);
}

void write_flow_fields(JsonWriter& json, const FlowRecord& flow, std::string_view application, std::string_view category,
                       const HostService* service) {
  json.field("transport", transport_name(flow.ip_protocol));
  write_endpoint(json, "client", flow.client);
  write_endpoint(json, "server", flow.server);
  write_text(json, "application", application);
  write_text(json, "category", category);
  if (flow.evidence != Evidence::None) json.field("evidence", to_string(flow.evidence));
  write_text(json, "host", flow.host);
  if (flow.host_source != HostSource::None) json.field("host_source", to_string(flow.host_source));
  if (service != nullptr) {
    json.field("service", service->name);
    json.field("service_category", service->category);
  }
  write_text(json, "alpn", flow.names.alpn());
  write_text(json, "ja4", flow.names.ja4());
  write_text(json, "user_agent", flow.names.user_agent());
  if (flow.names.encrypted_hello()) json.field("encrypted_hello", true);
  write_traffic_fields(json, flow.total());
  write_traffic(json, "to_server", flow.to_server);
  write_traffic(json, "to_client", flow.to_client);
  write_time(json, "first_timestamp", flow.first_time);
  write_time(json, "last_timestamp", flow.last_time);
}

void write_unwanted_fields(JsonWriter& json, const UnwantedRow& row) {
  json.field("application", row.application);
  write_text(json, "category", row.category);
  json.field("transport", transport_name(row.ip_protocol));
  write_endpoint(json, "client", row.client);
  write_endpoint(json, "server", row.server);
  json.field("evidence", to_string(row.evidence));
  write_text(json, "host", row.host);
  write_traffic_fields(json, row.traffic);
  write_time(json, "first_timestamp", row.first_time);
  write_time(json, "last_timestamp", row.last_time);
}

void write_group_fields(JsonWriter& json, const HandshakeGroup& group) {
  write_rtt(json, group.rtt);
  write_outcomes(json, group);
}

void write_handshakes(JsonWriter& json, std::span<const HandshakeRecord> handshakes) {
  write_rows(json, "handshakes", handshakes, [&](const auto& row) { write_handshake_fields(json, row); });
}

void write_handshake_totals(JsonWriter& json, const HandshakeGroup& totals, const RttSummary& rtt) {
  json.key("handshake_totals");
  json.begin_object();
  write_outcomes(json, totals);
  write_rtt(json, rtt);
  json.end_object();
}

void write_handshakes_by_server(JsonWriter& json, std::span<const HandshakeGroup> groups) {
  write_rows(json, "handshake_summary", groups, [&](const HandshakeGroup& group) {
    if (group.other) {
      json.field("other", true);
    } else {
      write_endpoint(json, "server", group.server);
    }
    write_group_fields(json, group);
  });
}

void write_handshakes_by_port(JsonWriter& json, std::span<const HandshakeGroup> groups) {
  write_rows(json, "handshake_ports", groups, [&](const HandshakeGroup& group) {
    if (group.other) {
      json.field("other", true);
    } else {
      json.field("port", group.server.port);
    }
    write_group_fields(json, group);
  });
}

void write_protocol_hierarchy(JsonWriter& json, const std::vector<HierarchyNode>& nodes) {
  json.key("protocol_hierarchy");
  json.begin_array();
  write_hierarchy(json, nodes);
  json.end_array();
}

void write_destinations(JsonWriter& json, std::span<const Destination> rows) {
  write_rows(json, "destinations", rows, [&](const auto& row) { write_destination(json, row); });
}

void write_endpoints(JsonWriter& json, std::span<const EndpointRow> rows) {
  write_rows(json, "endpoints", rows, [&](const auto& row) { write_endpoint_row(json, row); });
}

void write_conversations(JsonWriter& json, std::span<const Conversation> rows) {
  write_rows(json, "conversations", rows, [&](const auto& row) { write_conversation(json, row); });
}

void write_applications(JsonWriter& json, std::span<const ApplicationRow> rows) {
  write_rows(json, "applications", rows, [&](const auto& row) { write_application(json, row); });
}

void write_services(JsonWriter& json, std::span<const ServiceRow> rows) {
  write_rows(json, "services", rows, [&](const ServiceRow& row) {
    json.field("service", row.service);
    json.field("category", row.category);
    json.key("client");
    json.begin_object();
    json.field("address", row.client);
    json.end_object();
    json.field("flows", row.flows);
    write_traffic_fields(json, row.traffic());
    write_traffic(json, "to_server", row.to_server);
    write_traffic(json, "to_client", row.to_client);
  });
}

void write_accounting(JsonWriter& json, const AccountingSection& accounting) {
  json.key("accounting");
  json.begin_object();
  json.field("read", accounting.read);
  json.field("processed", accounting.processed);
  json.field("understood", accounting.understood);
  write_counts(json, "malformed", accounting.malformed);
  write_counts(json, "evicted", accounting.evicted);
  json.field("guessed", accounting.guessed);
  json.field("classified", accounting.classified);
  json.field("unclassified", accounting.unclassified);
  json.field("without_payload", accounting.without_payload);
  json.end_object();
}

}  // namespace wirewatch
