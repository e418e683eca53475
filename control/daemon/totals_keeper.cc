// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/totals_keeper.h"

namespace wirewatch {

void TotalsKeeper::attach(std::shared_ptr<const SharedState> region) {
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
}

void TotalsKeeper::refresh() {
  if (!region_) return;
  const unsigned workers = region_->worker_count();
  std::vector<uint64_t> published(workers);
  for (unsigned i = 0; i < workers; ++i) published[i] = region_->published(i);
  if (published == read_) return;
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
