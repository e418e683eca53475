// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/json.h"

#include "control/report/json_fields.h"
#include "control/report/json_sections.h"
#include "control/report/view.h"

namespace wirewatch {
namespace {

void write_context(JsonWriter& json, const Report& report, const JsonOptions& options) {
  if (options.files.size() > 1) {
    json.key("files");
    json.begin_array();
    for (const std::string& file : options.files) json.value(file);
    json.end_array();
  }
  write_known(json, "only_port", options.only_port);
  write_text(json, "display_filter", options.display_filter);
  write_text(json, "bpf", options.bpf);
  if (report.rules_sha256.empty()) return;
  json.key("rules");
  json.begin_object();
  json.field("sha256", report.rules_sha256);
  json.end_object();
}

}  // namespace

void write_json(const Report& report, const JsonOptions& options, Output& out) {
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", kReportSchema);
  write_context(json, report, options);
  json.new_line();
  write_capture(json, report.capture);
  json.new_line();
  write_handshakes(json, report.handshakes);
  json.new_line();
  write_handshake_totals(json, report.handshake_totals, report.rtt_overall);
  json.new_line();
  write_handshakes_by_server(json, report.handshakes_by_server);
  json.new_line();
  write_handshakes_by_port(json, report.handshakes_by_port);
  json.new_line();
  write_protocol_hierarchy(json, report.protocol_hierarchy);
  json.new_line();
  write_destinations(json, report.destinations);
  json.new_line();
  write_endpoints(json, report.endpoints);
  json.new_line();
  write_conversations(json, report.conversations);
  json.new_line();
  write_rows(json, "flows", report.flows, [&](const FlowRecord& flow) {
    write_flow_fields(json, flow, application_name(report, flow), application_category(report, flow), service_of(report, flow));
  });
  json.new_line();
  write_applications(json, report.applications);
  json.new_line();
  write_services(json, report.services);
  json.new_line();
  write_rows(json, "unwanted", report.unwanted, [&](const auto& row) { write_unwanted_fields(json, row); });
  json.new_line();
  write_accounting(json, report.accounting);
  json.end_object();
  out.put('\n');
}

}  // namespace wirewatch
