// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/flow_table.h"

namespace wirewatch {

FlowTable::FlowTable(size_t most_flows, bool totals)
    : most_(most_flows), keeps_totals_(totals), flows_(most_flows) {}

void FlowTable::clear() {
  flows_ = decltype(flows_)(most_);
  rests_ = {};
  notes_ = {};
  totals_ = {};
  index_ = SlotIndex();
  clock_hand_ = 0;
}

uint32_t FlowTable::insert(const FlowKey& key, uint64_t hash, uint64_t frame) noexcept {
  const uint32_t never_used = flows_.end();
  const uint32_t slot = flows_.take();
  if (keeps_totals_) totals_[slot] = FlowTotals{};
  const ShortKey short_key(key);
  Flow& flow = flows_[slot] = Flow{};
  flow.addresses = short_key.addresses;
  flow.ports = static_cast<uint32_t>(short_key.ends);
  flow.ip_protocol = key.ip_protocol;
  flow.shape = short_key.shape();
  FlowRest& rest = rests_[slot] = FlowRest{};
  rest.key = key;
  FlowNote& note = notes_[slot];
  const auto incarnation = slot == never_used ? uint16_t{0} : static_cast<uint16_t>(note.incarnation + 1);
  note = FlowNote{.first_frame = frame, .incarnation = incarnation};
  index_.insert(hash, slot);
  return slot;
}

void FlowTable::erase(uint32_t slot) noexcept {
  index_.erase(hash(rests_[slot].key), slot);
  flows_[slot].shape = 0;
  flows_.give_back(slot);
}

void FlowTable::grow_slab(size_t count) {
  flows_.make_room(count);
  rests_.cover(flows_.capacity());
  notes_.cover(flows_.capacity());
  if (keeps_totals_) totals_.cover(flows_.capacity());
}

void FlowTable::grow_index(size_t count) {
  index_.grow(index_.size() + count, [&](uint32_t slot) { return hash(rests_[slot].key); });
}

void FlowTable::make_all_room() {
  flows_.make_all_room();
  rests_.cover(flows_.capacity(), true);
  notes_.cover(flows_.capacity(), true);
  if (keeps_totals_) totals_.cover(flows_.capacity(), true);
  if (most_ > index_.size()) grow_index(most_ - index_.size());
}

uint32_t FlowTable::pick_victim() noexcept {
  constexpr unsigned kLookedAt = 16;
  const uint32_t end = flows_.end();
  uint32_t victim = kNoSlot;
  unsigned seen = 0;
  for (uint32_t step = 0; step < end && seen < kLookedAt; ++step) {
    clock_hand_ = clock_hand_ + 1 < end ? clock_hand_ + 1 : 0;
    if (!flows_[clock_hand_].in_use()) continue;
    ++seen;
    if (victim == kNoSlot || flows_[clock_hand_].last_time < flows_[victim].last_time) victim = clock_hand_;
  }
  return victim;
}

}  // namespace wirewatch
