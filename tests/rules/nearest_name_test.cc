// SPDX-License-Identifier: BSD-3-Clause
// "Did you mean".
#include "dataplane/base/nearest_name.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace wirewatch {
namespace {

constexpr std::array<std::string_view, 4> kKnown{"strength", "extract", "regex", "tcp.port"};

TEST(NearestName, FindsSlipsOfTheFinger) {
  EXPECT_EQ(nearest_name("strenght", kKnown), "strength");
  EXPECT_EQ(nearest_name("regexp", kKnown), "regex");
  EXPECT_EQ(nearest_name("tcp.prot", kKnown), "tcp.port");
  EXPECT_EQ(did_you_mean("exract", kKnown), "; did you mean 'extract'?");
}

TEST(NearestName, SaysNothingOfWhatIsFarAway) {
  EXPECT_EQ(nearest_name("colour", kKnown), std::nullopt);
  EXPECT_EQ(nearest_name("", kKnown), std::nullopt);
  EXPECT_EQ(did_you_mean(std::string(100000, 'x'), kKnown), "");
}

TEST(EditDistance, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(edit_distance("ab", "ba"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

}  // namespace
}  // namespace wirewatch
