// SPDX-License-Identifier: BSD-3-Clause
// The daemon's counters in Prometheus' text format. No label ever holds an address: a scanner would make a million series.
#pragma once

#include <string>

#include "control/aggregate/live_totals.h"

namespace wirewatch {

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
};

std::string exposition(const LiveTotals& totals, const MetricsState& state);

}  // namespace wirewatch
