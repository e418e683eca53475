// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/status_json.h"

#include <unistd.h>

#include "control/api/version.h"
#include "dataplane/source/port_counters.h"

namespace wirewatch {

void write_control(JsonWriter& json, const ControlView& control) {
  json.key("control");
  json.begin_object();
  json.field("version", kApiVersion);
  json.field("pid", ::getpid());
  json.field("started", control.started);
  json.field("uptime_s", control.uptime_s);
  json.field("memory_bytes", control.memory_bytes);
  json.end_object();
}

void write_dataplane(JsonWriter& json, const DataplaneView& dataplane) {
  json.key("dataplane");
  json.begin_object();
  json.field("state", dataplane.state);
  write_known(json, "pid", dataplane.pid);
  write_known(json, "generation", dataplane.generation);
  write_known(json, "started", dataplane.started);
  json.field("managed", dataplane.managed);
  json.field("restarts", dataplane.restarts);
  json.field("workers", dataplane.workers);
  write_known(json, "idle_share", dataplane.idle_share);
  write_known(json, "snapshot_age_ns", dataplane.snapshot_age_ns);
  write_text(json, "error", dataplane.error);
  json.end_object();
}

void write_rates(JsonWriter& json, const RatesView& rates) {
  json.key("rates");
  json.begin_object();
  if (rates.over_s > 0) {
    json.field("over_s", rates.over_s);
    json.field("packets_per_second", rates.packets_per_second);
    json.field("bits_per_second", rates.bits_per_second);
    json.field("handshakes_per_second", rates.handshakes_per_second);
  }
  json.end_object();
}

void write_clock(JsonWriter& json, const PortView& port) {
  json.field("timestamp_source", port.timestamp_source);
  json.field("timestamp_resolution_ns", port.timestamp_resolution_ns);
  write_known(json, "clock_error_ns", port.clock_error_ns);
  write_text(json, "clock_state", port.clock_state);
}

void write_ports(JsonWriter& json, std::span<const PortView> ports) {
  write_rows(json, "ports", ports, [&](const PortView& port) {
    json.field("name", port.name);
    json.field("source", port.source);
    json.field("link", port.link_up ? "up" : "down");
    write_clock(json, port);
    write_traffic_fields(json, port.received);
    json.field("forwarded", port.forwarded_packets);
    json.field("dropped", port.dropped_packets);
    NamedCounts losses, remarks;
    for (const auto& counter : port.loss) (is_loss(counter.first) ? losses : remarks).push_back(counter);
    write_counts(json, "loss", losses);
    write_counts(json, "remarks", remarks);
  });
}

void write_rules(JsonWriter& json, const RulesView& rules) {
  json.key("rules");
  json.begin_object();
  write_text(json, "sha256", rules.sha256);
  write_text(json, "wanted_sha256", rules.wanted_sha256);
  json.field("in_force", !rules.sha256.empty() && rules.sha256 == rules.wanted_sha256);
  json.field("generations", rules.generations);
  write_known(json, "loaded", rules.loaded);
  write_text(json, "error", rules.error);
  json.end_object();
}

void write_replay(JsonWriter& json, const ReplayView& replay) {
  json.key("replay");
  json.begin_object();
  json.field("state", replay.running ? "running" : "done");
  write_text(json, "name", replay.name);
  json.field("packets", replay.packets);
  write_text(json, "error", replay.error);
  json.end_object();
}

void write_gaps(JsonWriter& json, std::span<const Gap> gaps) {
  write_rows(json, "gaps", gaps, [&](const Gap& gap) {
    json.field("from", gap.from);
    write_known(json, "to", gap.to);
    json.field("reason", gap.reason);
  });
}

void write_live_capture(JsonWriter& json, const LiveTotals& totals, const CaptureSection& capture) {
  json.key("capture");
  json.begin_object();
  json.field("format", capture.format);
  write_traffic_fields(json, capture.traffic);
  write_known(json, "first_timestamp", capture.first_timestamp);
  write_known(json, "last_timestamp", capture.last_timestamp);
  if (totals.process && !totals.process->ports.empty()) {
    json.field("timestamp_source", capture.timestamp_source);
    json.field("timestamp_resolution_ns", capture.timestamp_resolution_ns);
  }
  json.end_object();
}

void write_workers(JsonWriter& json, const LiveTotals& totals) {
  json.key("workers");
  json.begin_array();
  uint64_t number = 0;
  for (const WorkerSnapshot& worker : totals.workers()) {
    json.new_line();
    json.begin_object();
    json.field("worker", number++);
    write_traffic_fields(json, worker.counters.total);
    json.field("flows", worker.live.open_flows);
    json.field("pending_syns", worker.live.pending_syns);
    json.field("not_yet_folded", worker.live.not_yet_folded.packets);
    json.field("wrong_times", worker.live.wrong_times);
    json.field("events_dropped", worker.events_dropped);
    json.field("longest_burst_ns", worker.loop.longest_burst_ns);
    json.field("longest_publish_ns", worker.loop.publish_longest_ns);
    json.field("memory_bytes", worker.live.memory_bytes);
    json.end_object();
  }
  json.end_array();
}

}  // namespace wirewatch
