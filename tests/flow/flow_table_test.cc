// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/flow/random_keys.h"

namespace wirewatch::testing {
namespace {

TEST(Slab, HandsOutEachSlotOnceUntilItIsGivenBack) {
  Slab<uint64_t, 4> slab(100);
  EXPECT_EQ(slab.room(), 0u);
  slab.make_room(20);
  EXPECT_GE(slab.room(), 20u);
  std::set<uint32_t> taken;
  while (slab.room() > 0) {
    const uint32_t slot = slab.take();
    EXPECT_TRUE(taken.insert(slot).second) << slot << " twice";
    slab[slot] = slot;
  }
  EXPECT_EQ(slab.in_use(), taken.size());
  for (const uint32_t slot : taken) EXPECT_EQ(slab[slot], slot);
  slab.give_back(7);
  EXPECT_EQ(slab.room(), 1u);
  EXPECT_EQ(slab.take(), 7u);
}

TEST(Slab, MovesNothingWhenItGrows) {
  Slab<uint64_t, 4> slab(1000);
  slab.make_room(1);
  const uint64_t* const first = &slab[slab.take()];
  slab.make_room(900);
  EXPECT_EQ(first, &slab[0]);
}

TEST(Slab, StopsAtItsBoundThoughAChunkHoldsMore) {
  Slab<uint64_t, 4> slab(20);
  slab.make_room(1000);
  EXPECT_EQ(slab.room(), 20u);
  for (int i = 0; i < 20; ++i) slab.take();
  slab.make_room(1);
  EXPECT_EQ(slab.room(), 0u);
  EXPECT_LE(slab.memory_bytes(), 32 * (sizeof(uint64_t) + sizeof(uint32_t)));
}

/// Hashes that meet in few buckets, some equal in all bits: the tag alone must not decide.
uint64_t crowded_hash(uint32_t slot) { return uint64_t{slot % 7} << 40 | uint64_t{slot % 5} << 8; }

TEST(SlotIndex, FindsWhatAModelFindsWhateverCollides) {
  struct Row {
    std::string_view description;
    uint64_t (*hash_of)(uint32_t slot);
  };
  const std::vector<Row> rows{
      {"spread hashes", [](uint32_t slot) { return hash(key_number(slot)); }},
      {"every hash in few buckets", crowded_hash},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    SlotIndex index;
    std::set<uint32_t> model;
    std::mt19937 random(11);
    for (int step = 0; step < 30'000; ++step) {
      const auto slot = static_cast<uint32_t>(random() % 300);
      const uint64_t slot_hash = row.hash_of(slot);
      const uint32_t found = index.find(slot_hash, UINT32_MAX, [&](uint32_t other) { return other == slot; });
      ASSERT_EQ(found != UINT32_MAX, model.contains(slot));
      if (model.contains(slot)) {
        index.erase(slot_hash, slot);
        model.erase(slot);
      } else {
        index.insert(slot_hash, slot);
        model.insert(slot);
      }
      ASSERT_EQ(index.size(), model.size());
    }
    index.grow(5000, row.hash_of);
    ASSERT_EQ(index.size(), model.size());
    EXPECT_GE(index.room(), 5000u);
    for (uint32_t slot = 0; slot < 300; ++slot) {
      const uint32_t found = index.find(row.hash_of(slot), UINT32_MAX, [&](uint32_t other) { return other == slot; });
      ASSERT_EQ(found != UINT32_MAX, model.contains(slot));
    }
  }
}

TEST(FlowTable, AgreesWithAModelOverManyOperations) {
  FlowTable table(100'000);
  std::map<uint32_t, uint32_t> model;  // key number to slot
  std::mt19937 random(5);
  for (int step = 0; step < 60'000; ++step) {
    if (step % 64 == 0) table.make_room(64);
    const auto number = static_cast<uint32_t>(random() % 4000);
    const FlowKey key = key_number(number, number % 3 == 0 ? IpFamily::V6 : IpFamily::V4);
    const uint64_t key_hash = hash(key);
    const auto known = model.find(number);
    ASSERT_EQ(table.find(key, key_hash), known == model.end() ? kNoSlot : known->second);
    if (known == model.end()) {
      const uint32_t slot = table.insert(key, key_hash, static_cast<uint64_t>(step));
      model[number] = slot;
      ASSERT_EQ(table.note(slot).first_frame, static_cast<uint64_t>(step));
      ASSERT_EQ(table[slot].recent[0].packets, 0u) << "a used slot is handed out as it was left";
      table[slot].recent[0].packets = 1;
    } else if (random() % 3 == 0) {
      table.erase(known->second);
      model.erase(known);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  std::set<uint32_t> visited;
  table.for_each([&](uint32_t slot) { visited.insert(slot); });
  EXPECT_EQ(visited.size(), model.size());
  for (const auto& [number, slot] : model) EXPECT_TRUE(visited.contains(slot));
}

TEST(FlowTable, StopsAtItsBound) {
  FlowTable table(50);
  table.make_room(1000);
  EXPECT_EQ(table.room(), 50u);
  for (uint32_t number = 0; number < 50; ++number) table.insert(key_number(number), hash(key_number(number)), 1);
  table.make_room(1);
  EXPECT_EQ(table.room(), 0u);
}

TEST(FlowTable, PicksTheLongestIdleOfThoseItLooksAt) {
  FlowTable table(10);
  table.make_room(10);
  EXPECT_EQ(table.pick_victim(), kNoSlot);
  uint32_t oldest = kNoSlot;
  for (uint32_t number = 0; number < 10; ++number) {
    const uint32_t slot = table.insert(key_number(number), hash(key_number(number)), 1);
    table[slot].last_time = Timestamp{number == 6 ? 1 : 100 + static_cast<int64_t>(number)};
    if (number == 6) oldest = slot;
  }
  EXPECT_EQ(table.pick_victim(), oldest);
  table.erase(oldest);
  for (int round = 0; round < 30; ++round) {
    const uint32_t victim = table.pick_victim();
    ASSERT_NE(victim, oldest) << "a slot that is not in use";
    EXPECT_EQ(table[victim].last_time, Timestamp{100});
  }
}

TEST(FlowTable, VisitsFlowsThatAreErasedOnTheWay) {
  FlowTable table(1000);
  table.make_room(500);
  for (uint32_t number = 0; number < 500; ++number) table.insert(key_number(number), hash(key_number(number)), 1);
  size_t visited = 0;
  table.for_each([&](uint32_t slot) {
    ++visited;
    table.erase(slot);
  });
  EXPECT_EQ(visited, 500u);
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, GivesItsMemoryBackWhenCleared) {
  FlowTable table(100'000);
  const size_t empty = table.memory_bytes();
  table.make_room(50'000);
  EXPECT_GT(table.memory_bytes(), empty);
  table.clear();
  EXPECT_EQ(table.memory_bytes(), empty);
  table.make_room(1);
  const FlowKey key = key_number(1);
  EXPECT_EQ(table.find(key, hash(key)), kNoSlot);
  EXPECT_NE(table.insert(key, hash(key), 1), kNoSlot);
}

}  // namespace
}  // namespace wirewatch::testing
