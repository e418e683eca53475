// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/event_collector.h"

#include <algorithm>
#include <variant>

namespace wirewatch {

void EventCollector::attach(std::shared_ptr<const SharedState> region, Now now) {
  if (region_) {
    for (EventReader& ring : rings_) collect_from(ring, region_->limits().events, now);
  }
  malformed_before_ = malformed();
  rings_.clear();
  flows_.end_all();
  ids_.clear();
  region_ = std::move(region);
  for (unsigned i = 0; i < region_->worker_count(); ++i) rings_.push_back(region_->events(i));
}

bool EventCollector::collect(Now now) {
  bool more = false;
  for (EventReader& ring : rings_) more = collect_from(ring, kMostPerRing, now) || more;
  return more;
}

bool EventCollector::collect_from(EventReader& ring, size_t most, Now now) {
  for (size_t i = 0; i < most; ++i) {
    const auto event = ring.pop();
    if (!event) return false;
    ++events_;
    if (const auto* const flow = std::get_if<FlowEvent>(&*event)) {
      KnownFlow& known = flows_.observe(*flow, id_of(flow->record.application));
      alerts_.observe(known, *names_, now.utc);
    } else {
      handshakes_.observe(std::get<HandshakeEvent>(*event).record, now.steady_ns);
    }
  }
  return true;
}

ApplicationId EventCollector::id_of(ApplicationId registry_id) {
  if (registry_id >= ids_.size() && registry_id <= region_->application_count()) {
    ids_ = catalogue_->ids_of(*region_);
    names_ = catalogue_->names();
  }
  return registry_id < ids_.size() ? ids_[registry_id] : kUnknownApplication;
}

uint64_t EventCollector::malformed() const noexcept {
  uint64_t sum = malformed_before_;
  for (const EventReader& ring : rings_) sum += ring.malformed() + ring.resynchronised();
  return sum;
}

}  // namespace wirewatch
