// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/human.h"
#include "dataplane/base/timestamp.h"

#include <gtest/gtest.h>

namespace wirewatch {
namespace {

TEST(HumanCount, SeparatesThousands) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1'000), "1,000");
  EXPECT_EQ(human_count(123'456), "123,456");
  EXPECT_EQ(human_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(HumanBytes, ShowsThreeDigitsOfBinaryUnits) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1024), "1.00 KiB");
  EXPECT_EQ(human_bytes(48'323'507), "46.1 MiB");
  EXPECT_EQ(human_bytes(1'048'575), "1.00 MiB") << "never 1024 KiB";
  EXPECT_EQ(human_bytes(UINT64_MAX), "16.0 EiB");
}

TEST(HumanDuration, ShowsThreeSignificantDigits) {
  const struct {
    int64_t ns;
    const char* expected;
  } cases[] = {{0, "0 s"},
               {1, "1 ns"},
               {999, "999 ns"},
               {1'000, "1.00 µs"},
               {12'345'678, "12.3 ms"},
               {99'960'000, "100 ms"},
               {999'600'000, "1.00 s"},
               {1'020'000'000, "1.02 s"},
               {75'300'000'000, "75.3 s"},
               {-87'000, "-87.0 µs"}};
  for (const auto& [ns, expected] : cases) EXPECT_EQ(human_duration(ns, true), expected) << ns;
  EXPECT_EQ(human_duration(1'500, false), "1.50 us");
}

TEST(HumanSpan, ChangesUnitsAsPeopleDo) {
  EXPECT_EQ(human_span(59 * kSecond_ns, true), "59.0 s");
  EXPECT_EQ(human_span(252 * kSecond_ns, true), "4 min 12 s");
  EXPECT_EQ(human_span(3 * 3600 * kSecond_ns + 300 * kSecond_ns, true), "3 h 05 min");
  EXPECT_EQ(human_span((2 * 24 + 3) * 3600 * kSecond_ns, true), "2 d 03 h");
}

TEST(HumanPercent, NeverCallsSomethingNothing) {
  EXPECT_EQ(human_percent(0, 0), "");
  EXPECT_EQ(human_percent(0, 10), "0.0 %");
  EXPECT_EQ(human_percent(1, 1'000'000), "<0.1 %");
  EXPECT_EQ(human_percent(1, 8), "12.5 %");
  EXPECT_EQ(human_percent(8, 8), "100 %");
}

TEST(HumanRate, KeepsTheUnitApart) {
  EXPECT_EQ(human_bit_rate(1'534'000), "1.53 Mbit/s");
  EXPECT_EQ(human_bit_rate(0.04), "0.04 bit/s");
  EXPECT_EQ(human_rate(206.4), "206");
  EXPECT_EQ(human_rate(14'880'952.4), "14,880,952");
  EXPECT_EQ(human_rate(3.444), "3.44");
}

TEST(HumanResolution, NamesTheStepOfTheClock) {
  EXPECT_EQ(human_resolution(1, true), "1 ns");
  EXPECT_EQ(human_resolution(1'000, true), "1 µs");
  EXPECT_EQ(human_resolution(10'000'000, true), "10 ms");
  EXPECT_EQ(human_resolution(954, false), "954 ns");
}

TEST(UtcTime, ShowsAsManyDigitsAsTheClockResolves) {
  const Timestamp time{1'772'360'523'123'456'789};
  EXPECT_EQ(utc_time(time, 1), "2026-03-01 10:22:03.123456789");
  EXPECT_EQ(utc_time(time, 1'000), "2026-03-01 10:22:03.123456");
  EXPECT_EQ(utc_time(time, 1'000'000), "2026-03-01 10:22:03.123");
  EXPECT_EQ(utc_time(time, 1'000'000'000), "2026-03-01 10:22:03");
  EXPECT_EQ(utc_time_of_day(time, 1'000'000), "10:22:03.123");
}

TEST(UtcTime, CountsBackwardsBeforeTheEpoch) {
  EXPECT_EQ(utc_time({-500'000'000}, 1'000'000), "1969-12-31 23:59:59.500");
  EXPECT_EQ(utc_time({INT64_MIN}, 1), "1677-09-21 00:12:43.145224192");
}

TEST(HumanEndpoint, PutsIpv6IntoBrackets) {
  EXPECT_EQ(human_endpoint({IpAddress::parse("10.0.0.1").value(), 80}), "10.0.0.1:80");
  EXPECT_EQ(human_endpoint({IpAddress::parse("2001:db8::1").value(), 443}), "[2001:db8::1]:443");
}

}  // namespace
}  // namespace wirewatch
