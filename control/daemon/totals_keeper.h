// SPDX-License-Identifier: BSD-3-Clause
// Reads the workers' snapshots when somebody asks, and keeps what earlier runs of the data plane had counted. Lives on one
// thread of its own, since large tables take their time to copy and to rank; the events must not wait for that.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "control/aggregate/live_totals.h"
#include "control/daemon/name_catalogue.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

class TotalsKeeper {
 public:
  explicit TotalsKeeper(std::shared_ptr<NameCatalogue> catalogue) : catalogue_(std::move(catalogue)) {}

  /// Another data plane: what the last one had published when it ended is added to the earlier ones.
  void attach(std::shared_ptr<const SharedState> region);
  /// Fills in snapshots, earlier runs, names and the process block. Snapshots are read again only when there are newer ones.
  void fill(LiveTotals& totals);

 private:
  void refresh();

  std::shared_ptr<NameCatalogue> catalogue_;
  std::shared_ptr<const SharedState> region_;
  std::shared_ptr<const EndedRuns> before_;
  std::shared_ptr<const std::vector<WorkerSnapshot>> snapshots_;
  std::vector<uint64_t> read_;  // number of each worker's snapshot
};

}  // namespace wirewatch
