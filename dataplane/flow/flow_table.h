// SPDX-License-Identifier: BSD-3-Clause
// All flows of one worker. Bounded: when full, the longest idle of a few looked at gives way, and is counted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/flow/flow.h"
#include "dataplane/flow/slab.h"
#include "dataplane/flow/slot_index.h"

namespace wirewatch {

class FlowTable {
 public:
  explicit FlowTable(size_t most_flows);

  void prefetch(uint64_t hash) const noexcept { index_.prefetch(hash); }
  /// Brings the flow's two lines near; call once prefetch(hash) has had time to arrive.
  void prefetch_flow(uint64_t hash) const noexcept;

  /// The slot of the flow between these ends, or kNoSlot.
  uint32_t find(const FlowKey& key, uint64_t hash) const noexcept {
    return index_.find(hash, kNoSlot, [&](uint32_t slot) { return flows_[slot].key == key; });
  }
  /// A fresh flow under `key`. Only while room() > 0.
  uint32_t insert(const FlowKey& key, uint64_t hash, uint64_t frame) noexcept;
  /// Forgets the flow; its slot may be used again.
  void erase(uint32_t slot) noexcept;

  /// Forgets every flow and gives the memory back.
  void clear();

  Flow& operator[](uint32_t slot) noexcept { return flows_[slot]; }
  const Flow& operator[](uint32_t slot) const noexcept { return flows_[slot]; }
  FlowNote& note(uint32_t slot) noexcept { return notes_[slot]; }

  /// Between bursts: room for `count` more flows, as far as the bound allows.
  void make_room(size_t count) {
    flows_.make_room(count);
    notes_.make_room(count);
    if (index_.size() + count > index_.room()) [[unlikely]] grow_index(count);
  }
  size_t room() const noexcept { return flows_.room(); }
  size_t size() const noexcept { return index_.size(); }
  size_t memory_bytes() const noexcept {
    return flows_.memory_bytes() + notes_.memory_bytes() + index_.memory_bytes();
  }

  /// The longest idle of the next few flows under the clock hand: what to end when there is no room. kNoSlot when empty.
  uint32_t pick_victim() noexcept;

  /// Calls `visit(slot)` for every flow; `visit` may erase the flow it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    for (uint32_t slot = 0; slot < flows_.end(); ++slot) {
      if (in_use(slot)) visit(slot);
    }
  }

 private:
  void grow_index(size_t count);
  bool in_use(uint32_t slot) const noexcept { return flows_[slot].key.family != IpFamily::None; }

  size_t most_;
  Slab<Flow, 15> flows_;
  Slab<FlowNote, 15> notes_;
  SlotIndex index_;
  uint32_t clock_hand_ = 0;
};

}  // namespace wirewatch
