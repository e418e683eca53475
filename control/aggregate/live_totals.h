// SPDX-License-Identifier: BSD-3-Clause
// Everything a data plane has counted at one moment, its workers' snapshots beside what earlier runs of it had counted
// when they ended: the totals that people see, which never fall. Made on demand, then only read.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/aggregate/application_names.h"
#include "control/aggregate/flow_sums.h"
#include "control/report/report.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

/// Sums of data planes that ended. Application ids are those of `LiveTotals::names`.
struct EndedRuns {
  static constexpr size_t kMostRows = 262'144;  // of destinations, endpoints and conversations each

  EndedRuns() : tables(kMostRows) {}

  WorkerCounters counters;
  LiveCounters live;                // only what adds up: flows begun and expired, names refused
  ClassifyCounters classify;
  uint64_t events_dropped = 0;
  RttHistogram rtt;
  RttHistogram rtt_other_ports;
  std::map<uint16_t, RttHistogram> rtt_by_port;
  uint64_t rows_refused = 0;        // by the workers
  Tables tables;

  /// Adds a worker's last snapshot; `ids` translates its application ids.
  void add(const WorkerSnapshot& worker, std::span<const ApplicationId> ids);
};

/// Round trip times as seen on one capture port. Server port 0 is the rest.
struct CapturePortRtt {
  std::string name;
  std::map<uint16_t, RttHistogram> by_server_port;
};

struct LiveTotals {
  Timestamp at;
  std::shared_ptr<const std::vector<WorkerSnapshot>> snapshots;  // ids are already those of `names`; nothing before the first
  std::shared_ptr<const EndedRuns> before; // nothing when there was no earlier run
  ApplicationNames names;
  std::shared_ptr<const void> name_storage;
  FlowSums flows;
  HandshakeGroup handshakes;               // of everything since the start
  std::vector<CapturePortRtt> rtt_by_capture_port;
  std::optional<ProcessState> process;     // absent while there is no data plane

  std::span<const WorkerSnapshot> workers() const noexcept {
    return snapshots ? std::span<const WorkerSnapshot>(*snapshots) : std::span<const WorkerSnapshot>();
  }
  std::vector<const Tables*> tables() const;
  RttHistogram rtt() const;
  /// By server port; port 0 is the rest.
  std::map<uint16_t, RttHistogram> rtt_by_port() const;
  uint64_t events_dropped() const noexcept;
  Traffic not_yet_folded() const noexcept;

  /// Capture and accounting of the report; the coarsest of the ports' clocks is the capture's.
  void account(CaptureSection& capture, AccountingSection& accounting) const;
};

/// Puts a snapshot's application ids into another numbering; nothing is copied when the two are the same.
void translate(WorkerSnapshot& worker, std::span<const ApplicationId> ids);

}  // namespace wirewatch
