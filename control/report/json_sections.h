// SPDX-License-Identifier: BSD-3-Clause
// The sections of a JSON report one by one, for documents that hold only some of them: `inspect --json` writes all,
// the control daemon's API those that were asked for. Each writes its own key.
#pragma once

#include <span>

#include "control/report/json_writer.h"
#include "control/report/report.h"

namespace wirewatch {

void write_capture(JsonWriter& json, const CaptureSection& capture);
void write_handshakes(JsonWriter& json, std::span<const HandshakeRecord> handshakes);
/// "handshake_totals": outcomes and percentiles of everything.
void write_handshake_totals(JsonWriter& json, const HandshakeGroup& totals, const RttSummary& rtt);
/// "handshake_summary": a row per server.
void write_handshakes_by_server(JsonWriter& json, std::span<const HandshakeGroup> groups);
/// "handshake_ports": a row per server port.
void write_handshakes_by_port(JsonWriter& json, std::span<const HandshakeGroup> groups);
void write_protocol_hierarchy(JsonWriter& json, const std::vector<HierarchyNode>& nodes);
void write_destinations(JsonWriter& json, std::span<const Destination> rows);
void write_endpoints(JsonWriter& json, std::span<const EndpointRow> rows);
void write_conversations(JsonWriter& json, std::span<const Conversation> rows);
/// "services": a row for each client of each service.
void write_services(JsonWriter& json, std::span<const ServiceRow> rows);
void write_applications(JsonWriter& json, std::span<const ApplicationRow> rows);
void write_accounting(JsonWriter& json, const AccountingSection& accounting);

/// Rows whose object may get further keys from the caller.
void write_handshake_fields(JsonWriter& json, const HandshakeRecord& handshake);
void write_group_fields(JsonWriter& json, const HandshakeGroup& group);
/// `service` may be null.
void write_flow_fields(JsonWriter& json, const FlowRecord& flow, std::string_view application, std::string_view category,
                       const HostService* service);
void write_unwanted_fields(JsonWriter& json, const UnwantedRow& row);

}  // namespace wirewatch
