// SPDX-License-Identifier: BSD-3-Clause
// All flows of one worker. Bounded: when full, the longest idle of a few looked at gives way, and is counted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/base/prefetch.h"
#include "dataplane/flow/flow.h"
#include "dataplane/flow/slab.h"
#include "dataplane/flow/slot_index.h"

namespace wirewatch {

class FlowTable {
 public:
  /// `totals`: keeps FlowTotals of every flow, another 32 bytes each.
  explicit FlowTable(size_t most_flows, bool totals = false);

  void prefetch(uint64_t hash) const noexcept { index_.prefetch(hash); }
  /// Where the flow most likely is, and its line on its way; kNoSlot when nowhere. For use once prefetch(hash) has had
  /// time to arrive.
  uint32_t prefetch_flow(IpFamily family, uint64_t hash) const noexcept {
    const uint32_t slot = index_.first(hash, kNoSlot);
    if (slot != kNoSlot) prefetch_to_write(&flows_[slot]);
    if (slot != kNoSlot && family != IpFamily::V4) wirewatch::prefetch(&rests_[slot]);  // confirms the key
    return slot;
  }

  /// The slot of the flow between these ends, or kNoSlot.
  uint32_t find(const FlowKey& key, uint64_t hash) const noexcept {
    const ShortKey wanted(key);
    return index_.find(hash, kNoSlot, [&](uint32_t slot) { return is(slot, wanted, key); });
  }
  /// The same when prefetch_flow() said `likely` some packets ago; what happened since does not matter.
  uint32_t find(const FlowKey& key, uint64_t hash, uint32_t likely) const noexcept {
    if (likely != kNoSlot && holds(likely, key)) [[likely]] return likely;
    return find(key, hash);
  }
  /// Whether the flow between these ends is in this very slot.
  [[gnu::always_inline]] bool holds(uint32_t slot, const FlowKey& key) const noexcept { return is(slot, ShortKey(key), key); }
  /// A fresh flow under `key`. Only while room() > 0.
  uint32_t insert(const FlowKey& key, uint64_t hash, uint64_t frame) noexcept;
  /// Forgets the flow; its slot may be used again.
  void erase(uint32_t slot) noexcept;

  /// Forgets every flow and gives the memory back.
  void clear();

  Flow& operator[](uint32_t slot) noexcept { return flows_[slot]; }
  const Flow& operator[](uint32_t slot) const noexcept { return flows_[slot]; }
  FlowRest& rest(uint32_t slot) noexcept { return rests_[slot]; }
  FlowNote& note(uint32_t slot) noexcept { return notes_[slot]; }
  /// Only of a table that keeps them.
  FlowTotals& totals(uint32_t slot) noexcept { return totals_[slot]; }
  bool keeps_totals() const noexcept { return keeps_totals_; }

  /// Between bursts: room for `count` more flows, as far as the bound allows.
  void make_room(size_t count) {
    if (flows_.room() < count) [[unlikely]] grow_slab(count);
    if (index_.size() + count > index_.room()) [[unlikely]] grow_index(count);
  }
  /// Room for all of the bound at once.
  void make_all_room();
  size_t room() const noexcept { return flows_.room(); }
  size_t size() const noexcept { return index_.size(); }
  size_t memory_bytes() const noexcept {
    return flows_.memory_bytes() + rests_.memory_bytes() + notes_.memory_bytes() + totals_.memory_bytes() +
           index_.memory_bytes();
  }

  /// The longest idle of the next few flows under the clock hand: what to end when there is no room. kNoSlot when empty.
  uint32_t pick_victim() noexcept;

  /// Calls `visit(slot)` for every flow; `visit` may erase the flow it is given.
  template <typename Visit>
  void for_each(Visit visit) {
    for (uint32_t slot = 0; slot < flows_.end(); ++slot) {
      if (flows_[slot].in_use()) visit(slot);
    }
  }
  /// Slots below this have held a flow at one time.
  uint32_t end() const noexcept { return flows_.end(); }

 private:
  void grow_slab(size_t count);
  void grow_index(size_t count);
  bool is(uint32_t slot, const ShortKey& wanted, const FlowKey& key) const noexcept {
    const Flow& flow = flows_[slot];
    if (!flow.is(wanted)) return false;
    return wanted.shape() == ShortKey::kWhole || rests_[slot].key == key;
  }

  size_t most_;
  bool keeps_totals_;
  Slab<Flow, 15> flows_;
  Column<FlowRest, 15> rests_;
  Column<FlowNote, 15> notes_;
  Column<FlowTotals, 15> totals_;
  SlotIndex index_;
  uint32_t clock_hand_ = 0;
};

}  // namespace wirewatch
