// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/name_arena.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wirewatch {
namespace {

TEST(NameArena, KeepsEveryNameWhereItIs) {
  NameArena names(size_t{1} << 24);
  std::vector<uint32_t> places;
  std::vector<const char*> addresses;
  const auto name_number = [](size_t i) { return std::string(1 + i % NameArena::kLongest, static_cast<char>('a' + i % 26)); };
  for (size_t i = 0; i < 20'000; ++i) {
    if (i % 64 == 0) names.make_room();
    places.push_back(names.keep(name_number(i)));
    ASSERT_NE(places.back(), NameArena::kNone);
    addresses.push_back(names.at(places.back()).data());
  }
  for (size_t i = 0; i < places.size(); ++i) {
    ASSERT_EQ(names.at(places[i]), name_number(i));
    ASSERT_EQ(names.at(places[i]).data(), addresses[i]);
  }
  EXPECT_EQ(names.refused(), 0u);
}

TEST(NameArena, RefusesWhatItHasNoRoomForAndCountsIt) {
  NameArena names(1);
  EXPECT_EQ(names.keep("early"), NameArena::kNone) << "no room was made";
  EXPECT_EQ(names.refused(), 1u);
  size_t kept = 0;
  const std::string name(200, 'n');
  for (size_t i = 0; i < 10'000; ++i) {
    names.make_room();
    if (names.keep(name) != NameArena::kNone) ++kept;
  }
  EXPECT_GT(kept, 100u);
  EXPECT_LT(kept, 1000u);
  EXPECT_EQ(names.refused(), 1 + 10'000 - kept);
}

TEST(NameArena, HasNoPlaceForNoNameAndForOneThatIsTooLong) {
  NameArena names(1000);
  names.make_room();
  EXPECT_EQ(names.keep(""), NameArena::kNone);
  EXPECT_EQ(names.keep(std::string(511, 'x')), NameArena::kNone);
  EXPECT_NE(names.keep(std::string(510, 'x')), NameArena::kNone);
  EXPECT_EQ(names.at(NameArena::kNone), "");
}

}  // namespace
}  // namespace wirewatch
