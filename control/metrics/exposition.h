// SPDX-License-Identifier: BSD-3-Clause
// The daemon's counters in Prometheus' text format. No label ever holds an address: a scanner would make a million series.
#pragma once

#include <optional>
#include <string>

#include "control/aggregate/live_totals.h"

namespace wirewatch {

/// Sums over all capture sessions.
struct CaptureMetrics {
  uint64_t running = 0;
  uint64_t disk_bytes = 0, quota_bytes = 0;
  uint64_t written_bytes = 0;
  NamedCounts packets;  // by the stage they got to
  NamedCounts waiting;  // in rings and memories
  uint64_t damaged_records = 0;
  uint64_t unclaimed = 0;
};

/// What the totals do not know.
struct MetricsState {
  std::string version;
  bool dataplane_up = false;
  uint64_t dataplane_restarts = 0;
  uint64_t gaps = 0;
  uint64_t alerts = 0;
  std::string rules_sha256;
  bool rules_in_force = false;
  uint64_t rules_generations = 0;
  NamedCounts control_loss;
  uint64_t control_memory_bytes = 0;
  Timestamp control_started;
  std::optional<CaptureMetrics> captures{};
};

std::string exposition(const LiveTotals& totals, const MetricsState& state);

}  // namespace wirewatch
