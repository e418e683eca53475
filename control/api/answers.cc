// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/answers.h"

#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/rows.h"
#include "control/api/document.h"
#include "control/api/status_json.h"
#include "control/api/version.h"
#include "control/metrics/exposition.h"
#include "control/report/json_sections.h"
#include "control/report/view.h"

namespace wirewatch {
namespace {

constexpr size_t kAllRows = SIZE_MAX;

SortKey sort_key(std::string_view name) noexcept {
  if (name == "bytes") return SortKey::Bytes;
  return name == "connections" ? SortKey::Connections : SortKey::Packets;
}

uint64_t by(SortKey key, const Traffic& traffic) noexcept { return key == SortKey::Bytes ? traffic.bytes : traffic.packets; }
Traffic sum(const Traffic& a, const Traffic& b) noexcept { return {a.packets + b.packets, a.bytes + b.bytes}; }

uint64_t rank(SortKey key, const Destination& row) noexcept { return by(key, row.traffic); }
uint64_t rank(SortKey key, const EndpointRow& row) noexcept { return by(key, sum(row.sent, row.received)); }
uint64_t rank(SortKey key, const Conversation& row) noexcept {
  return key == SortKey::Connections ? row.connections : by(key, sum(row.to_server, row.to_client));
}

/// Which rows of a table were asked for.
struct RowsWanted {
  size_t top;
  SortKey sort;
  std::optional<uint16_t> port;

  explicit RowsWanted(const Query& query)
      : top(query.number("top").value_or(20)), sort(sort_key(query.text("sort"))), port(port_of(query)) {}

  static std::optional<uint16_t> port_of(const Query& query) {
    const auto number = query.number("port");
    return number ? std::optional(static_cast<uint16_t>(*number)) : std::nullopt;
  }
  /// Tables come by packets; any other order, or a restriction, needs all of them first.
  size_t rows_to_rank() const noexcept { return port || sort != SortKey::Packets ? kAllRows : top; }
};

template <typename Row>
void keep_first(std::vector<Row>& rows, const RowsWanted& wanted) {
  if (wanted.sort != SortKey::Packets) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Row& a, const Row& b) { return rank(wanted.sort, a) > rank(wanted.sort, b); });
  }
  if (rows.size() > wanted.top) rows.resize(wanted.top);
}

/// Answers with what `write` makes of the totals, on the thread that has them.
template <typename Write>
void with_totals(const EndpointCall& call, Reply reply, Write write) {
  call.live.with_totals([reply = std::move(reply), write = std::move(write)](const std::shared_ptr<const LiveTotals>& totals) {
    reply(document(totals->at, [&](JsonWriter& json) { write(*totals, json); }));
  });
}

std::optional<CaptureMetrics> capture_metrics(const std::optional<CaptureTotalsView>& captures) {
  if (!captures) return std::nullopt;
  return CaptureMetrics{.running = captures->running,
                        .disk_bytes = captures->disk_bytes,
                        .quota_bytes = captures->quota_bytes,
                        .written_bytes = captures->written_bytes,
                        .packets = captures->packets,
                        .waiting = captures->waiting,
                        .damaged_records = captures->damaged_records,
                        .unclaimed = captures->unclaimed};
}

MetricsState metrics_state(const StatusView& status) {
  return {.version = std::string(kApiVersion),
          .dataplane_up = status.dataplane.state == "running",
          .dataplane_restarts = status.dataplane.restarts,
          .gaps = status.gaps.size(),
          .alerts = status.alert_count,
          .rules_sha256 = status.rules.sha256,
          .rules_in_force = !status.rules.sha256.empty() && status.rules.sha256 == status.rules.wanted_sha256,
          .rules_generations = status.rules.generations,
          .control_loss = status.control_loss,
          .control_memory_bytes = status.control.memory_bytes,
          .control_started = status.control.started,
          .captures = capture_metrics(status.captures)};
}

}  // namespace

void answer_status(const EndpointCall& call, Reply reply) {
  with_totals(call, std::move(reply), [status = call.live.status()](const LiveTotals& totals, JsonWriter& json) {
    CaptureSection capture;
    AccountingSection accounting;
    totals.account(capture, accounting);
    json.new_line();
    write_control(json, status.control);
    json.new_line();
    write_dataplane(json, status.dataplane);
    json.new_line();
    write_live_capture(json, totals, capture);
    json.new_line();
    write_rates(json, status.rates);
    json.new_line();
    write_ports(json, status.ports);
    json.new_line();
    write_rules(json, status.rules);
    json.new_line();
    write_handshake_totals(json, totals.handshakes, totals.handshakes.rtt);
    json.new_line();
    json.field("alert_count", status.alert_count);
    if (status.replay) write_replay(json, *status.replay);
    json.new_line();
    write_gaps(json, status.gaps);
  });
}

void answer_protocols(const EndpointCall& call, Reply reply) {
  with_totals(call, std::move(reply), [](const LiveTotals& totals, JsonWriter& json) {
    json.new_line();
    write_protocol_hierarchy(json, build_hierarchy(totals.tables(), totals.names, name(Protocol::Unsupported)));
    json.new_line();
    AccountingSection ignored;
    write_applications(json, application_rows(totals.flows, totals.names, ignored));
  });
}

void answer_destinations(const EndpointCall& call, Reply reply) {
  with_totals(call, std::move(reply), [wanted = RowsWanted(call.query)](const LiveTotals& totals, JsonWriter& json) {
    Report report;
    auto ranked = rank_destinations(totals.tables(), wanted.rows_to_rank());
    report.destinations = std::move(ranked.rows);
    report.destination_count = ranked.all;
    if (wanted.port) restrict_to_port(report, *wanted.port);
    keep_first(report.destinations, wanted);
    json.new_line();
    write_destinations(json, report.destinations);
    json.field("destination_count", report.destination_count);
  });
}

void answer_endpoints(const EndpointCall& call, Reply reply) {
  with_totals(call, std::move(reply), [wanted = RowsWanted(call.query)](const LiveTotals& totals, JsonWriter& json) {
    auto ranked = rank_endpoints(totals.tables(), wanted.rows_to_rank());
    keep_first(ranked.rows, wanted);
    json.new_line();
    write_endpoints(json, ranked.rows);
    json.field("endpoint_count", ranked.all);
  });
}

void answer_conversations(const EndpointCall& call, Reply reply) {
  with_totals(call, std::move(reply), [wanted = RowsWanted(call.query)](const LiveTotals& totals, JsonWriter& json) {
    Report report;
    auto ranked = rank_conversations(totals.tables(), totals.names, wanted.rows_to_rank());
    report.conversations = std::move(ranked.rows);
    report.conversation_count = ranked.all;
    if (wanted.port) restrict_to_port(report, *wanted.port);
    keep_first(report.conversations, wanted);
    json.new_line();
    write_conversations(json, report.conversations);
    json.field("conversation_count", report.conversation_count);
  });
}

void answer_handshakes(const EndpointCall& call, Reply reply) {
  const RowsWanted wanted(call.query);
  const auto view = call.live.handshakes(call.query.text("window"), wanted.top, wanted.port);
  if (!view) return reply(problem(400, view.error().message));
  reply(document(call.live.now(), [&](JsonWriter& json) {
    json.field("window", view->window);
    json.new_line();
    write_rows(json, "clocks", view->clocks, [&](const PortView& port) {
      json.field("port", port.name);
      write_clock(json, port);
    });
    json.new_line();
    write_handshake_totals(json, view->totals, view->totals.rtt);
    json.new_line();
    write_handshakes_by_server(json, view->by_server);
    json.new_line();
    write_handshakes_by_port(json, view->by_port);
    json.new_line();
    write_rows(json, "handshakes", view->recent, [&](const HandshakeRow& row) {
      write_handshake_fields(json, row.handshake);
      if (row.capture_port.empty()) return;
      json.field("capture_port", row.capture_port);
      json.field("timestamp_source", row.timestamp_source);
      json.field("timestamp_resolution_ns", row.timestamp_resolution_ns);
      write_known(json, "clock_error_ns", row.clock_error_ns);
    });
  }));
}

void answer_flows(const EndpointCall& call, Reply reply) {
  const RowsWanted rows(call.query);
  FlowsWanted wanted{.top = rows.top, .application = {}, .port = rows.port, .order = FlowOrder::Recent};
  if (const auto application = call.query.text("application"); !application.empty()) wanted.application = application;
  if (const auto sort = call.query.text("sort"); sort != "recent") {
    wanted.order = sort == "bytes" ? FlowOrder::Bytes : FlowOrder::Packets;
  }
  const auto view = call.live.flows(wanted);
  if (!view) return reply(problem(400, view.error().message));
  reply(document(call.live.now(), [&](JsonWriter& json) {
    json.new_line();
    write_rows(json, "flows", view->flows, [&](const FlowRow& row) {
      FlowRecord flow = row.flow;
      flow.host = row.host;
      flow.names = NameSheet(row.names);
      write_flow_fields(json, flow, row.application, row.category, row.service);
      json.field("active", row.active);
      write_text(json, "capture_port", row.capture_port);
    });
    json.field("flow_count", view->count);
  }));
}

void answer_alerts(const EndpointCall& call, Reply reply) {
  const AlertsView view = call.live.alerts(call.query.number("top").value_or(20));
  reply(document(call.live.now(), [&](JsonWriter& json) {
    json.new_line();
    write_rows(json, "unwanted", view.alerts, [&](const AlertRow& alert) {
      UnwantedRow row = alert.row;
      row.host = alert.host;
      write_unwanted_fields(json, row);
      json.field("raised", alert.raised);
    });
    json.field("alert_count", view.count);
    json.field("alerts_forgotten", view.forgotten);
  }));
}

void answer_loss(const EndpointCall& call, Reply reply) {
  with_totals(call, std::move(reply), [status = call.live.status()](const LiveTotals& totals, JsonWriter& json) {
    CaptureSection capture;
    AccountingSection accounting;
    totals.account(capture, accounting);
    application_rows(totals.flows, totals.names, accounting);
    json.new_line();
    write_ports(json, status.ports);
    json.new_line();
    write_workers(json, totals);
    json.new_line();
    write_accounting(json, accounting);
    json.new_line();
    write_counts(json, "control_loss", status.control_loss);
    json.new_line();
    write_gaps(json, status.gaps);
  });
}

void answer_rules(const EndpointCall& call, Reply reply) {
  reply(document(call.live.now(), [&](JsonWriter& json) { write_rules(json, call.live.status().rules); }));
}

void answer_metrics(const EndpointCall& call, Reply reply) {
  call.live.with_totals([reply = std::move(reply), state = metrics_state(call.live.status())](
                            const std::shared_ptr<const LiveTotals>& totals) {
    reply({.status = 200, .content_type = kMetricsType, .body = exposition(*totals, state), .headers = {}});
  });
}

}  // namespace wirewatch
