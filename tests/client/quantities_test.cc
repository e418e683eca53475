// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/quantities.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace wirewatch {
namespace {

TEST(Quantities, SizesArePowersOf1024UnlessTheySayOtherwise) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 12> kCases{{{"0", 0},
                                                                          {"4096", 4096},
                                                                          {"10B", 10},
                                                                          {"512K", 512 << 10},
                                                                          {"100M", 100 << 20},
                                                                          {"100MiB", 100 << 20},
                                                                          {"1.5G", 3ull << 29},
                                                                          {"2T", 2ull << 40},
                                                                          {"7TiB", 7ull << 40},
                                                                          {"1MB", 1'000'000},
                                                                          {"3kB", 3'000},
                                                                          {"8GB", 8'000'000'000}}};
  for (const auto& [text, bytes] : kCases) EXPECT_EQ(parse_size(text).value_or(UINT64_MAX), bytes) << text;
}

TEST(Quantities, TimesAreSecondsUnlessTheySayOtherwise) {
  constexpr std::array<std::pair<std::string_view, int64_t>, 12> kCases{{{"60", 60'000'000'000},
                                                                         {"60s", 60'000'000'000},
                                                                         {"0.5s", 500'000'000},
                                                                         {"250us", 250'000},
                                                                         {"250µs", 250'000},
                                                                         {"50ms", 50'000'000},
                                                                         {"7ns", 7},
                                                                         {"5m", 300'000'000'000},
                                                                         {"5min", 300'000'000'000},
                                                                         {"1h30m", 5'400'000'000'000},
                                                                         {"2d", 172'800'000'000'000},
                                                                         {"1m30", 90'000'000'000}}};
  for (const auto& [text, ns] : kCases) EXPECT_EQ(parse_duration(text).value_or(-1), ns) << text;
}

TEST(Quantities, RefuseWhatIsNoQuantityAndSayWhatOneLooksLike) {
  for (const char* text : {"", "G", "1X", "1 G", "-1", "-1G", "1GG", "1e9", "0x10", "inf", "nan", "1.5.2", "99999999999999T", "1Gi", " 1", "1,5G"}) {
    const auto size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().message, "expected a size such as 4096, 512K, 100M or 1.5G, not '" + std::string(text) + "'");
  }
  for (const char* text : {"", "s", "1x", "1 s", "-1s", "1h-30m", "1e3s", "inf", "nans", "1.5.2s", "99999999999d", "1hh"}) {
    const auto time = parse_duration(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().message, "expected a time such as 50ms, 60s, 5m, 1h or 1h30m, not '" + std::string(text) + "'");
  }
  EXPECT_LT(parse_size(std::string(100'000, '9')).error().message.size(), 200u);
}

}  // namespace
}  // namespace wirewatch
