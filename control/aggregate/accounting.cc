// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/accounting.h"

#include <algorithm>

namespace wirewatch {
namespace {

void earliest(std::optional<Timestamp>& at, const std::optional<Timestamp>& other) noexcept {
  if (other && (!at || *other < *at)) at = other;
}
void latest(std::optional<Timestamp>& at, const std::optional<Timestamp>& other) noexcept {
  if (other && (!at || *at < *other)) at = other;
}

}  // namespace

uint64_t rows_refused(const Tables& tables) noexcept {
  return tables.destinations.refused() + tables.endpoints.refused() + tables.conversations.refused() +
         tables.by_application.refused();
}

WorkerCounters& operator+=(WorkerCounters& sum, const WorkerCounters& more) noexcept {
  for (size_t i = 0; i < sum.by_status.size(); ++i) sum.by_status[i] += more.by_status[i];
  sum.total += more.total;
  sum.flows_evicted += more.flows_evicted;
  sum.pending_syns_evicted += more.pending_syns_evicted;
  sum.not_classified_for_room += more.not_classified_for_room;
  sum.other_paths_refused += more.other_paths_refused;
  sum.handshakes_unvouched += more.handshakes_unvouched;
  sum.dns_notes_refused += more.dns_notes_refused;
  sum.early_flows_unnamed += more.early_flows_unnamed;
  earliest(sum.first_time, more.first_time);
  latest(sum.last_time, more.last_time);
  return sum;
}

void account(std::span<const CountedWork> workers, CaptureSection& capture, AccountingSection& accounting) {
  WorkerCounters sum;
  uint64_t names = 0, scan_errors = 0, rows = 0, hellos = 0;
  for (const CountedWork& worker : workers) {
    sum += worker.counters;
    names += worker.names_refused;
    scan_errors += worker.scan_errors;
    rows += worker.rows_refused;
    hellos += worker.hellos_given_up;
  }
  capture.traffic += sum.total;
  earliest(capture.first_timestamp, sum.first_time);
  latest(capture.last_timestamp, sum.last_time);
  accounting.processed = capture.traffic.packets;
  accounting.understood = sum.by_status[static_cast<size_t>(ParseStatus::Understood)];
  for (const ParseStatusInfo& info : kParseStatusInfo) {
    const uint64_t count = sum.by_status[static_cast<size_t>(info.status)];
    if (info.status != ParseStatus::Understood && count > 0) accounting.malformed.emplace_back(info.name, count);
  }
  const auto evicted = [&](std::string_view name, uint64_t count) {
    if (count > 0) accounting.evicted.emplace_back(name, count);
  };
  evicted("flows", sum.flows_evicted);
  evicted("pending_syns", sum.pending_syns_evicted);
  evicted("table_rows", rows);
  evicted("classification_records", sum.not_classified_for_room);
  evicted("flow_paths", sum.other_paths_refused);
  evicted("unvouched_handshakes", sum.handshakes_unvouched);
  evicted("host_names", names);
  evicted("client_hellos", hellos);
  evicted("dns_answers", sum.dns_notes_refused);
  evicted("early_flows", sum.early_flows_unnamed);
  evicted("scan_errors", scan_errors);
}

}  // namespace wirewatch
