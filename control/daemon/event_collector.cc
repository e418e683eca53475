// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/event_collector.h"

#include <algorithm>
#include <variant>

namespace wirewatch {

void EventCollector::attach(std::shared_ptr<const SharedState> region, Now now) {
  if (region_) {
    for (size_t ring = 0; ring < rings_.size(); ++ring) empty(ring, region_->limits().events);
    take_all(now);
  }
  malformed_before_ = malformed();
  rings_.clear();
  flows_.end_all();
  ids_.clear();
  region_ = std::move(region);
  for (unsigned i = 0; i < region_->worker_count(); ++i) rings_.push_back(region_->events(i));
  names_to_come_.assign(rings_.size(), {});
}

bool EventCollector::collect(Now now) {
  bool more = false;
  for (size_t ring = 0; ring < rings_.size(); ++ring) more = empty(ring, kMostPerRing) || more;
  take_all(now);
  return more;
}

/// What clients were told goes first: the flow that follows may have come by another worker's ring.
bool EventCollector::empty(size_t ring, size_t most) {
  for (size_t i = 0; i < most; ++i) {
    auto event = rings_[ring].pop();
    if (!event) return false;
    ++events_;
    if (const auto* const answer = std::get_if<AnswerEvent>(&*event)) {
      take(*answer);
    } else {
      taken_.emplace_back(ring, std::move(*event));
    }
  }
  return true;
}

void EventCollector::take_all(Now now) {
  for (const auto& [ring, event] : taken_) {
    if (const auto* const flow = std::get_if<FlowEvent>(&event)) {
      take(ring, *flow, now);
    } else if (const auto* const handshake = std::get_if<HandshakeEvent>(&event)) {
      handshakes_.observe(handshake->record, now.steady_ns);
    } else if (const auto* const names = std::get_if<NamesEvent>(&event)) {
      names_to_come_[ring] = *names;
    }
  }
  taken_.clear();
}

void EventCollector::take(size_t ring, const FlowEvent& event, Now now) {
  NamesEvent& names = names_to_come_[ring];
  const bool belong = names.length > 0 && names.id == event.progress.id;
  KnownFlow& known = flows_.observe(event, id_of(event.record.application), belong ? names.sheet() : NameSheet());
  names.length = 0;
  if (known.host.empty()) {
    const FlowRecord& flow = known.record;
    known.host = dns_.name_of(flow.client.address, flow.server.address, flow.first_time);
    if (!known.host.empty()) known.record.host_source = HostSource::Dns;
  }
  alerts_.observe(known, *names_, now.utc);
}

/// Answers of all workers, so that it does not matter which of them sees the flow.
void EventCollector::take(const AnswerEvent& event) noexcept {
  DnsAnswer answer;
  answer.name = event.name();
  answer.count = event.count;
  std::copy_n(event.addresses.begin(), event.count, answer.addresses.begin());
  dns_.learn(answer, event.client, event.time);
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
