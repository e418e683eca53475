// SPDX-License-Identifier: BSD-3-Clause
#include "control/metrics/exposition.h"

#include <prometheus/text_serializer.h>

#include "control/metrics/families.h"
#include "dataplane/source/port_counters.h"

namespace wirewatch {
namespace {


void about_us(Families& families, const MetricsState& state) {
  families.gauge("build_info", "Version of the control daemon; the value is 1").value(1.0, {{"version", state.version}});
  families.gauge("start_time_seconds", "When the control daemon started, since the epoch")
      .value(static_cast<double>(state.control_started.ns) * kNanosecond);
  families.gauge("control_memory_bytes", "Resident memory of the control daemon").value(state.control_memory_bytes);
  families.gauge("dataplane_up", "Whether the data plane answers").value(state.dataplane_up ? 1.0 : 0.0);
  families.counter("dataplane_restarts_total", "Times the data plane came back as another process")
      .value(state.dataplane_restarts);
  families.counter("gaps_total", "Times in which packets went uncounted").value(state.gaps);
  families.counter("alerts_total", "Flows of unwanted applications").value(state.alerts);
  families.gauge("rules_info", "The rules the data plane says it runs; the value is 1");
  if (!state.rules_sha256.empty()) families.value(1.0, {{"sha256", state.rules_sha256}});
  families.gauge("rules_in_force", "Whether the data plane runs the rules compiled last").value(state.rules_in_force ? 1.0 : 0.0);
  families.counter("rules_generations_total", "Rule sets the data plane has taken").value(state.rules_generations);
  families.counter("control_lost_total", "What the control daemon itself gave up, by reason");
  for (const auto& [reason, count] : state.control_loss) families.value(count, {{"reason", reason}});
}

void about_captures(Families& families, const CaptureMetrics& captures) {
  families.gauge("capture_sessions_running", "Capture sessions that record or wait for their trigger").value(captures.running);
  families.gauge("capture_disk_bytes", "Bytes of all capture files").value(captures.disk_bytes);
  families.gauge("capture_quota_bytes", "Bytes that capture files may take").value(captures.quota_bytes);
  families.counter("capture_written_bytes_total", "Bytes written to capture files").value(captures.written_bytes);
  families.counter("capture_packets_total", "Packets of capture sessions, by the stage they got to; a packet counts once for each session");
  for (const auto& [stage, count] : captures.packets) families.value(count, {{"stage", stage}});
  families.gauge("capture_waiting_packets", "Packets on their way to capture sessions, or kept for a trigger");
  for (const auto& [where, count] : captures.waiting) families.value(count, {{"where", where}});
  families.counter("capture_damaged_records_total", "Records of the rings of tapped packets that made no sense").value(captures.damaged_records);
  families.counter("capture_unclaimed_packets_total", "Packets of sessions that nobody knows any more").value(captures.unclaimed);
}

void about_ports(Families& families, const std::vector<PortState>& ports) {
  const auto each = [&](auto value) {
    for (const PortState& port : ports) families.value(value(port), {{"port", port.name}});
  };
  families.counter("port_packets_total", "Frames a port handed to the workers");
  each([](const PortState& port) { return port.received.packets; });
  families.counter("port_bytes_total", "Bytes of those frames, as they were on the wire");
  each([](const PortState& port) { return port.received.bytes; });
  families.counter("port_forwarded_packets_total", "Frames sent on through the other port of an inline pair");
  each([](const PortState& port) { return port.forwarded_packets; });
  families.counter("port_blocked_packets_total", "Frames dropped because they were to be blocked");
  each([](const PortState& port) { return port.dropped_packets; });
  families.gauge("port_link_up", "Whether the port has a link");
  each([](const PortState& port) { return port.link_up ? 1.0 : 0.0; });
  families.counter("port_lost_packets_total", "Frames a port knows to have missed, by reason");
  const auto counters = [&](bool losses) {
    for (const PortState& port : ports) {
      for (const auto& [reason, count] : port.losses) {
        if (is_loss(reason) == losses) families.value(count, {{"port", port.name}, {"reason", reason}});
      }
    }
  };
  counters(true);
  families.counter("port_remarks_total", "Frames and events of a port that are no loss and worth knowing, by reason");
  counters(false);
  families.gauge("port_timestamp_resolution_seconds", "Resolution of the clock that stamps a port's frames");
  for (const PortState& port : ports) {
    families.value(static_cast<double>(port.timestamps.resolution_ns) * kNanosecond,
                   {{"port", port.name}, {"timestamp_source", std::string(to_string(port.timestamps.source))}});
  }
  families.gauge("port_clock_error_seconds", "Bound on the distance of a port's clock to UTC, where one is known");
  for (const PortState& port : ports) {
    if (port.timestamps.error_ns != TimestampProperties::kUnknownError) {
      families.value(static_cast<double>(port.timestamps.error_ns) * kNanosecond, {{"port", port.name}});
    }
  }
}

void about_packets(Families& families, const LiveTotals& totals) {
  CaptureSection capture;
  AccountingSection accounting;
  totals.account(capture, accounting);
  families.counter("packets_total", "Frames that were processed").value(capture.traffic.packets);
  families.counter("bytes_total", "Bytes of those frames, as they were on the wire").value(capture.traffic.bytes);
  families.counter("understood_packets_total", "Frames of which every header was read").value(accounting.understood);
  families.counter("malformed_packets_total", "Frames that were not fully understood, each in one kind");
  for (const auto& [kind, count] : accounting.malformed) families.value(count, {{"kind", kind}});
  families.counter("evicted_total", "What was given up for want of room, by kind");
  for (const auto& [kind, count] : accounting.evicted) families.value(count, {{"kind", kind}});
  families.counter("events_dropped_total", "Flow and handshake records that found their ring full").value(totals.events_dropped());
  families.gauge("not_yet_folded_packets", "Frames counted but not yet in the rows of the tables")
      .value(totals.not_yet_folded().packets);
  families.gauge("open_flows", "Flows that are open, by worker");
  for (size_t i = 0; i < totals.workers().size(); ++i) {
    families.value(totals.workers()[i].live.open_flows, {{"worker", std::to_string(i)}});
  }
  families.gauge("worker_longest_burst_seconds", "The longest a worker took for one burst");
  for (size_t i = 0; i < totals.workers().size(); ++i) {
    families.value(static_cast<double>(totals.workers()[i].loop.longest_burst_ns) * kNanosecond, {{"worker", std::to_string(i)}});
  }
  families.gauge("dataplane_idle_ratio", "Share of the workers' time without packets");
  if (totals.process) families.value(totals.process->idle_share);
}

void about_applications(Families& families, const LiveTotals& totals) {
  AccountingSection accounting;
  const auto rows = application_rows(totals.flows, totals.names, accounting);
  const auto each = [&](auto value) {
    for (const ApplicationRow& row : rows) {
      families.value(value(row), {{"application", std::string(row.name)},
                                  {"category", std::string(row.category)},
                                  {"guessed", row.evidence == Evidence::Port ? "true" : "false"}});
    }
  };
  families.counter("application_flows_total", "Flows, by application");
  each([](const ApplicationRow& row) { return row.flows; });
  families.counter("application_packets_total", "Frames of those flows");
  each([](const ApplicationRow& row) { return row.traffic.packets; });
  families.counter("application_bytes_total", "Bytes of those flows");
  each([](const ApplicationRow& row) { return row.traffic.bytes; });
  families.counter("unclassified_flows_total", "Flows with payload that nothing claims").value(accounting.unclassified);
}

void about_handshakes(Families& families, const LiveTotals& totals) {
  const HandshakeGroup& group = totals.handshakes;
  families.counter("handshakes_total", "TCP connection attempts, by outcome")
      .value(group.established, {{"outcome", "established"}})
      .value(group.refused, {{"outcome", "refused"}})
      .value(group.unanswered, {{"outcome", "unanswered"}})
      .value(group.half_open, {{"outcome", "half-open"}});
  families.counter("ambiguous_handshakes_total", "Attempts whose SYN or SYN,ACK was resent: in no histogram").value(group.ambiguous);
  families.counter("unsteady_clock_handshakes_total", "Attempts timed while a clock was stepped or still being measured: in no histogram")
      .value(group.clock_unsteady);
  families.histogram("syn_ack_rtt_seconds", "From the first SYN to the SYN,ACK, by capture port and server port");
  for (const CapturePortRtt& port : totals.rtt_by_capture_port) {
    for (const auto& [server_port, rtt] : port.by_server_port) {
      families.value(rtt, {{"port", port.name}, {"server_port", server_port == 0 ? "other" : std::to_string(server_port)}});
    }
  }
}

}  // namespace

std::string exposition(const LiveTotals& totals, const MetricsState& state) {
  Families families;
  about_us(families, state);
  if (state.captures) about_captures(families, *state.captures);
  if (totals.process) about_ports(families, totals.process->ports);
  about_packets(families, totals);
  about_applications(families, totals);
  about_handshakes(families, totals);
  return prometheus::TextSerializer().Serialize(families.take());
}

}  // namespace wirewatch
