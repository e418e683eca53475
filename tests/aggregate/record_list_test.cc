// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/record_list.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace wirewatch {
namespace {

TEST(RecordList, KeepsRecordsInTheOrderInWhichTheyCameWhereTheyAre) {
  using Record = std::array<uint64_t, 5>;
  RecordList<Record> list;
  EXPECT_TRUE(list.empty());
  EXPECT_TRUE(list.runs().empty());
  list.push_back({0});
  const Record* const first = &list[0];
  constexpr uint64_t kMany = 500'000;  // several pieces of the largest size
  for (uint64_t i = 1; i < kMany; ++i) list.push_back({i});
  EXPECT_EQ(list.size(), kMany);
  EXPECT_EQ(&list[0], first);
  uint64_t expected = 0;
  for (const auto& run : list.runs()) {
    for (const Record& record : run) ASSERT_EQ(record[0], expected++);
  }
  EXPECT_EQ(expected, kMany);
  for (const uint64_t i : {uint64_t{1}, kMany / 2, kMany - 1}) EXPECT_EQ(list[i][0], i);
}

}  // namespace
}  // namespace wirewatch
