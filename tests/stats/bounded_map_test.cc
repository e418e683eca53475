// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/bounded_map.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

namespace wirewatch {
namespace {

using Map = BoundedMap<uint64_t, uint64_t>;

TEST(BoundedMap, AgreesWithAModelOverManyOperations) {
  Map map(100'000);
  std::unordered_map<uint64_t, uint64_t> model;
  std::mt19937_64 random(9);
  for (int step = 0; step < 100'000; ++step) {
    if (step % 64 == 0) map.make_room(64);
    const uint64_t key = random() % 20'000;
    if (step % 3 == 0) {
      const uint64_t* const found = map.find(key);
      ASSERT_EQ(found != nullptr, model.contains(key));
      if (found != nullptr) {
        ASSERT_EQ(*found, model[key]);
      }
      continue;
    }
    uint64_t* const value = map.at(key);
    ASSERT_NE(value, nullptr);
    ++*value;
    ++model[key];
  }
  EXPECT_EQ(map.size(), model.size());
  EXPECT_EQ(map.refused(), 0u);
  size_t visited = 0;
  map.for_each([&](uint64_t key, uint64_t value) {
    ++visited;
    EXPECT_EQ(value, model.at(key));
  });
  EXPECT_EQ(visited, model.size());
}

TEST(BoundedMap, AddsAllRowsOfAnotherBeyondItsBound) {
  for (const uint64_t rows : {0u, 1u, 7u, 100u, 5000u}) {
    SCOPED_TRACE(rows);
    Map into(200), from(10'000);
    into.make_room(200);
    from.make_room(10'000);
    for (uint64_t key = 0; key < 150; ++key) *into.at(key) = 1;
    for (uint64_t key = 0; key < rows; ++key) *from.at(key * 2) = 10;
    into.add_all(from);
    const uint64_t in_both = std::min<uint64_t>(rows, 75);
    EXPECT_EQ(into.size(), 150 + rows - in_both);
    EXPECT_EQ(into.refused(), 0u);
    uint64_t sum = 0;
    into.for_each([&](uint64_t key, uint64_t value) {
      EXPECT_EQ(value, (key < 150 ? 1u : 0u) + (key % 2 == 0 && key / 2 < rows ? 10u : 0u)) << key;
      sum += value;
    });
    EXPECT_EQ(sum, 150 + 10 * rows);
  }
}

TEST(BoundedMap, GrowsOnlyWhenToldTo) {
  Map map(1000);
  EXPECT_EQ(map.memory_bytes(), 0u);
  EXPECT_EQ(map.at(1), nullptr) << "no room was made yet";
  EXPECT_EQ(map.refused(), 1u);
  EXPECT_EQ(map.find(1), nullptr);
  map.make_room(1);
  const size_t before = map.memory_bytes();
  for (uint64_t key = 0; key < 10'000; ++key) map.at(key);
  EXPECT_EQ(map.memory_bytes(), before);
}

TEST(BoundedMap, KeepsItsBoundAndCountsWhatItRefused) {
  for (const size_t most : {1u, 100u, 192u, 193u, 1000u, 5000u}) {
    SCOPED_TRACE(most);
    Map map(most);
    uint64_t kept = 0;
    for (uint64_t key = 0; key < 20'000; ++key) {
      map.make_room(1);
      if (map.at(key) != nullptr) ++kept;
    }
    EXPECT_LE(map.size(), most);
    EXPECT_EQ(map.size(), kept);
    EXPECT_EQ(map.refused(), 20'000 - kept);
    // What was kept is counted on, full or not.
    ASSERT_NE(map.at(0), nullptr);
    EXPECT_EQ(map.refused(), 20'000 - kept);
  }
}

TEST(BoundedMap, ForgetsRowsAndStillFindsAllOthers) {
  Map map(3000);
  map.make_room(3000);
  std::mt19937_64 random(2);
  std::unordered_map<uint64_t, uint64_t> model;
  for (uint64_t round = 0; round < 20; ++round) {
    while (map.size() < 2500) {
      const uint64_t key = random() % 100'000;
      *map.at(key) = model[key] = random();
    }
    const auto going = [&](uint64_t value) { return value % 3 == round % 3; };
    size_t erased = 0;
    for (size_t first = 0; first < map.places(); first += 100) erased += map.erase_places(first, 100, going);
    EXPECT_GT(erased, 500u);
    for (const auto& [key, value] : model) {
      const uint64_t* const found = map.find(key);
      if (found == nullptr) {
        ASSERT_TRUE(going(value)) << key;
      } else {
        ASSERT_EQ(*found, value);
      }
    }
    model.clear();
    map.for_each([&](uint64_t key, uint64_t value) { model[key] = value; });
    ASSERT_EQ(model.size(), map.size());
  }
}

TEST(BoundedMap, KeepsHalfOfItsRoomFromWhatIsPlentiful) {
  Map map(1000);
  map.make_room(1000);
  for (uint64_t key = 0; key < 5000; ++key) {
    if (uint64_t* row = map.at_if_spare(key)) *row = key;
  }
  EXPECT_LE(map.size(), 501u);
  EXPECT_EQ(map.refused(), 5000 - map.size());
  EXPECT_NE(map.at_if_spare(0), nullptr) << "what is known is still counted";
  EXPECT_NE(map.at(77'777), nullptr) << "and others find room";
}

struct Wide {
  std::array<uint8_t, 16> address{};
  uint16_t port = 0;
  friend bool operator==(const Wide&, const Wide&) noexcept = default;
};

TEST(BoundedMap, TellsKeysApartThatDifferInTheirLastBytesOnly) {
  BoundedMap<Wide, uint32_t> map(10'000);
  map.make_room(6000);
  for (uint16_t port = 0; port < 5000; ++port) *map.at({.port = port}) = port + 1u;
  for (uint16_t port = 0; port < 5000; ++port) {
    const uint32_t* const value = map.find({.port = port});
    ASSERT_NE(value, nullptr);
    ASSERT_EQ(*value, port + 1u);
  }
  EXPECT_EQ(map.size(), 5000u);
}

}  // namespace
}  // namespace wirewatch
