// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/live_totals.h"

#include <algorithm>
#include <limits>

#include "control/aggregate/accounting.h"
#include "control/aggregate/merge_tables.h"

namespace wirewatch {

void EndedRuns::add(const WorkerSnapshot& worker, std::span<const ApplicationId> ids) {
  counters += worker.counters;
  live.flows_begun += worker.live.flows_begun;
  live.flows_expired += worker.live.flows_expired;
  live.pending_syns_expired += worker.live.pending_syns_expired;
  live.wrong_times += worker.live.wrong_times;
  live.names_refused += worker.live.names_refused;
  live.blocked += worker.live.blocked;
  live.not_yet_folded += worker.live.not_yet_folded;  // nobody will fold it any more
  classify.scans += worker.classify.scans;
  classify.scanned_bytes += worker.classify.scanned_bytes;
  classify.errors += worker.classify.errors;
  classify.dropped_matches += worker.classify.dropped_matches;
  classify.hellos_given_up += worker.classify.hellos_given_up;
  events_dropped += worker.events_dropped;
  rtt += worker.rtt;
  rtt_other_ports += worker.rtt_other_ports;
  for (const PortRtt& port : worker.rtt_by_port) rtt_by_port[port.port] += port.rtt;
  rows_refused += wirewatch::rows_refused(worker.tables);
  merge_tables(tables, worker.tables, ids);
}

void translate(WorkerSnapshot& worker, std::span<const ApplicationId> ids) {
  bool same = true;
  for (size_t id = 0; id < ids.size() && same; ++id) same = ids[id] == id;
  if (same) return;
  Tables translated(std::numeric_limits<uint32_t>::max());
  merge_tables(translated, worker.tables, ids);
  worker.tables = std::move(translated);
}

std::vector<const Tables*> LiveTotals::tables() const {
  std::vector<const Tables*> all;
  for (const WorkerSnapshot& worker : workers()) all.push_back(&worker.tables);
  if (before) all.push_back(&before->tables);
  return all;
}

RttHistogram LiveTotals::rtt() const {
  RttHistogram sum;
  for (const WorkerSnapshot& worker : workers()) sum += worker.rtt;
  if (before) sum += before->rtt;
  return sum;
}

std::map<uint16_t, RttHistogram> LiveTotals::rtt_by_port() const {
  std::map<uint16_t, RttHistogram> sums;
  if (before) {
    sums = before->rtt_by_port;
    sums[0] += before->rtt_other_ports;
  }
  for (const WorkerSnapshot& worker : workers()) {
    for (const PortRtt& port : worker.rtt_by_port) sums[port.port] += port.rtt;
    sums[0] += worker.rtt_other_ports;
  }
  return sums;
}

uint64_t LiveTotals::events_dropped() const noexcept {
  uint64_t dropped = before ? before->events_dropped : 0;
  for (const WorkerSnapshot& worker : workers()) dropped += worker.events_dropped;
  return dropped;
}

Traffic LiveTotals::not_yet_folded() const noexcept {
  Traffic sum = before ? before->live.not_yet_folded : Traffic{};
  for (const WorkerSnapshot& worker : workers()) sum += worker.live.not_yet_folded;
  return sum;
}

void LiveTotals::account(CaptureSection& capture, AccountingSection& accounting) const {
  std::vector<CountedWork> work;
  for (const WorkerSnapshot& worker : workers()) {
    work.push_back({.counters = worker.counters,
                    .names_refused = worker.live.names_refused,
                    .scan_errors = worker.classify.errors,
                    .hellos_given_up = worker.classify.hellos_given_up,
                    .rows_refused = rows_refused(worker.tables)});
  }
  if (before) {
    work.push_back({.counters = before->counters,
                    .names_refused = before->live.names_refused,
                    .scan_errors = before->classify.errors,
                    .hellos_given_up = before->classify.hellos_given_up,
                    .rows_refused = before->rows_refused + rows_refused(before->tables)});
  }
  wirewatch::account(work, capture, accounting);
  accounting.read = accounting.processed;
  capture.format = "live";
  if (!process || process->ports.empty()) return;
  const auto coarsest =
      std::ranges::max_element(process->ports, {}, [](const PortState& port) { return port.timestamps.resolution_ns; });
  capture.timestamp_source = to_string(coarsest->timestamps.source);
  capture.timestamp_resolution_ns = coarsest->timestamps.resolution_ns;
}

}  // namespace wirewatch
