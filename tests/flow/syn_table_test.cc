// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/syn_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/flow/random_keys.h"

namespace wirewatch::testing {
namespace {

PendingSyn syn_number(uint32_t number, int64_t time_ns = 0) {
  return {.key = key_number(number, number % 4 == 0 ? IpFamily::V6 : IpFamily::V4),
          .client_is_low = number % 2 == 0,
          .time = Timestamp{time_ns},
          .sequence = number * 7919,
          .frame_length = static_cast<uint16_t>(54 + number % 20),
          .path = static_cast<uint16_t>(number % 4096),
          .frame = number + 1};
}

void expect_same(const PendingSyn& is, const PendingSyn& wanted) {
  EXPECT_EQ(is.key, wanted.key);
  EXPECT_EQ(is.client_is_low, wanted.client_is_low);
  EXPECT_EQ(is.time, wanted.time);
  EXPECT_EQ(is.sequence, wanted.sequence);
  EXPECT_EQ(is.frame_length, wanted.frame_length);
  EXPECT_EQ(is.path, wanted.path);
  EXPECT_EQ(is.frame, wanted.frame);
}

TEST(SynTable, AgreesWithAModelOverManyOperations) {
  SynTable table(100'000);
  std::map<uint32_t, PendingSyn> model;
  std::mt19937 random(5);
  for (int step = 0; step < 60'000; ++step) {
    if (step % 64 == 0) table.make_room(64);
    const auto number = static_cast<uint32_t>(random() % 3000);
    const PendingSyn syn = syn_number(number, step);
    const uint64_t key_hash = hash(syn.key);
    const auto known = model.find(number);
    const auto taken = table.take(syn.key, key_hash);
    ASSERT_EQ(taken.has_value(), known != model.end());
    if (taken) {
      expect_same(*taken, known->second);
      model.erase(known);
    } else {
      ASSERT_FALSE(table.insert(syn, key_hash)) << "nothing gives way while there is room";
      model.emplace(number, syn);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  std::set<uint64_t> frames;
  while (const auto syn = table.take_any()) frames.insert(syn->frame);
  EXPECT_EQ(frames.size(), model.size());
  EXPECT_TRUE(table.empty());
}

TEST(SynTable, KeepsItsBoundAndHandsBackWhatGivesWay) {
  constexpr size_t kMost = 1000;
  SynTable table(kMost);
  size_t handed_back = 0;
  size_t most_seen = 0;
  constexpr uint32_t kInserted = 20'000;
  for (uint32_t number = 1; number < 4 * kInserted; number += 4) {  // IPv4 only
    table.make_room(1);
    const PendingSyn syn = syn_number(number, number);
    if (table.insert(syn, hash(syn.key))) ++handed_back;
    most_seen = std::max(most_seen, table.size());
  }
  EXPECT_LE(most_seen, kMost);
  EXPECT_EQ(handed_back + table.size(), kInserted);
}

TEST(SynTable, LetsOldEntriesGiveWayBeforeYoungOnes) {
  SynTable table(1000);
  // A flood, and now and then an attempt that is taken up again a hundred SYNs later.
  std::vector<PendingSyn> waiting;
  size_t lost = 0;
  for (uint32_t number = 1; number < 200'000; number += 4) {
    table.make_room(1);
    const PendingSyn syn = syn_number(number, number);
    table.insert(syn, hash(syn.key));
    if (number % 100 != 1) continue;
    waiting.push_back(syn);
    if (waiting.size() < 5) continue;
    if (!table.take(waiting.front().key, hash(waiting.front().key))) ++lost;
    waiting.erase(waiting.begin());
  }
  EXPECT_EQ(lost, 0u);
}

TEST(SynTable, TakesNothingFromAnEmptyTable) {
  SynTable table(10);
  const FlowKey key = key_number(1);
  EXPECT_FALSE(table.take(key, hash(key)));
  EXPECT_FALSE(table.take_any());
  EXPECT_EQ(table.memory_bytes(), 0u);
}

}  // namespace
}  // namespace wirewatch::testing
