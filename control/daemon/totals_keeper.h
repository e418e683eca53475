// SPDX-License-Identifier: BSD-3-Clause
// Reads the workers' snapshots when somebody asks, and keeps what earlier runs of the data plane had counted. Lives on one
// thread of its own, since large tables take their time to copy and to rank; the events must not wait for that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "control/aggregate/live_totals.h"
#include "control/daemon/name_catalogue.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

class TotalsKeeper {
 public:
  /// Reading may take this share of a core: large tables are then as old as it takes to keep to that.
  static constexpr int64_t kShareOfACore = 50;  // one in so many

  struct Clocks {  // in ns; both only ever go forward
    std::function<int64_t()> time;
    std::function<int64_t()> work;  // processor time of the calling thread
  };
  static Clocks usual_clocks();

  explicit TotalsKeeper(std::shared_ptr<NameCatalogue> catalogue, Clocks clocks = usual_clocks())
      : catalogue_(std::move(catalogue)), clocks_(std::move(clocks)) {}

  /// Another data plane: what the last one had published when it ended is added to the earlier ones.
  void attach(std::shared_ptr<const SharedState> region);
  /// Fills in snapshots, earlier runs, names and the process block. Snapshots are read again only when there are newer ones
  /// and when the last time is long enough ago for what it took.
  void fill(LiveTotals& totals);

 private:
  void refresh();
  void read_again(std::vector<uint64_t> published);

  std::shared_ptr<NameCatalogue> catalogue_;
  std::shared_ptr<const SharedState> region_;
  std::shared_ptr<const EndedRuns> before_;
  std::shared_ptr<const std::vector<WorkerSnapshot>> snapshots_;
  std::vector<uint64_t> read_;  // number of each worker's snapshot
  Clocks clocks_;
  int64_t not_before_ns_ = 0;   // the next reading, by clocks_.time
};

}  // namespace wirewatch
