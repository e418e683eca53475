// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/flow_table.h"

namespace wirewatch {

FlowTable::FlowTable(size_t most_flows) : most_(most_flows), flows_(most_flows), notes_(most_flows) {}

void FlowTable::clear() {
  flows_ = decltype(flows_)(most_);
  notes_ = decltype(notes_)(most_);
  index_ = SlotIndex();
  clock_hand_ = 0;
}

void FlowTable::prefetch_flow(uint64_t hash) const noexcept {
  index_.find(hash, kNoSlot, [&](uint32_t slot) {
    const auto* lines = reinterpret_cast<const char*>(&flows_[slot]);
    __builtin_prefetch(lines);
    __builtin_prefetch(lines + 64);
    return true;
  });
}

uint32_t FlowTable::insert(const FlowKey& key, uint64_t hash, uint64_t frame) noexcept {
  const uint32_t slot = flows_.take();
  notes_.take();  // the two slabs are taken and given back together, so their slots agree
  flows_[slot] = Flow{};
  flows_[slot].key = key;
  notes_[slot] = FlowNote{.first_frame = frame};
  index_.insert(hash, slot);
  return slot;
}

void FlowTable::erase(uint32_t slot) noexcept {
  index_.erase(hash(flows_[slot].key), slot);
  flows_[slot].key.family = IpFamily::None;
  flows_.give_back(slot);
  notes_.give_back(slot);
}

void FlowTable::grow_index(size_t count) {
  index_.grow(index_.size() + count, [&](uint32_t slot) { return hash(flows_[slot].key); });
}

uint32_t FlowTable::pick_victim() noexcept {
  constexpr unsigned kLookedAt = 16;
  const uint32_t end = flows_.end();
  uint32_t victim = kNoSlot;
  unsigned seen = 0;
  for (uint32_t step = 0; step < end && seen < kLookedAt; ++step) {
    clock_hand_ = clock_hand_ + 1 < end ? clock_hand_ + 1 : 0;
    if (!in_use(clock_hand_)) continue;
    ++seen;
    if (victim == kNoSlot || flows_[clock_hand_].last_time < flows_[victim].last_time) victim = clock_hand_;
  }
  return victim;
}

}  // namespace wirewatch
