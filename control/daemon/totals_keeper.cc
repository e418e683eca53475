// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/totals_keeper.h"

#include <time.h>

namespace wirewatch {

TotalsKeeper::Clocks TotalsKeeper::usual_clocks() {
  const auto read = [](clockid_t clock) {
    return [clock] {
      timespec now{};
      ::clock_gettime(clock, &now);
      return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    };
  };
  return {read(CLOCK_MONOTONIC), read(CLOCK_THREAD_CPUTIME_ID)};
}

void TotalsKeeper::attach(std::shared_ptr<const SharedState> region) {
  not_before_ns_ = 0;
  if (region_) {
    refresh();
    auto sum = before_ ? std::make_shared<EndedRuns>(*before_) : std::make_shared<EndedRuns>();
    if (snapshots_) {
      // Already in our numbering.
      std::vector<ApplicationId> same(catalogue_->names()->count() + 1);
      for (size_t id = 0; id < same.size(); ++id) same[id] = static_cast<ApplicationId>(id);
      for (const WorkerSnapshot& worker : *snapshots_) sum->add(worker, same);
    }
    before_ = std::move(sum);
  }
  region_ = std::move(region);
  snapshots_.reset();
  read_.clear();
  not_before_ns_ = 0;
}

void TotalsKeeper::refresh() {
  if (!region_) return;
  const unsigned workers = region_->worker_count();
  std::vector<uint64_t> published(workers);
  for (unsigned i = 0; i < workers; ++i) published[i] = region_->published(i);
  if (published == read_ || clocks_.time() < not_before_ns_) return;
  const int64_t before = clocks_.work();
  read_again(std::move(published));
  not_before_ns_ = clocks_.time() + (clocks_.work() - before) * kShareOfACore;
}

void TotalsKeeper::read_again(std::vector<uint64_t> published) {
  const unsigned workers = region_->worker_count();
  const auto ids = catalogue_->ids_of(*region_);
  auto fresh = std::make_shared<std::vector<WorkerSnapshot>>();
  for (unsigned i = 0; i < workers; ++i) {
    auto snapshot = region_->read_worker(i);
    if (snapshot) {
      translate(*snapshot, ids);
      fresh->push_back(std::move(*snapshot));
    } else if (snapshots_ && i < snapshots_->size()) {
      fresh->push_back((*snapshots_)[i]);  // it was writing all the while; the last one is as good
    } else {
      fresh->emplace_back(0);  // it has not published yet
    }
  }
  snapshots_ = std::move(fresh);
  read_ = std::move(published);
}

void TotalsKeeper::fill(LiveTotals& totals) {
  refresh();
  totals.snapshots = snapshots_;
  totals.before = before_;
  const auto names = catalogue_->names();
  totals.names = *names;
  totals.name_storage = catalogue_;
  if (region_) {
    if (auto process = region_->read_process()) totals.process = std::move(*process);
  }
}

}  // namespace wirewatch
