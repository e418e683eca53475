// SPDX-License-Identifier: BSD-3-Clause
// The small print: relative times, bytes in hexadecimal, the options of -E.
#include <gtest/gtest.h>

#include <cstdio>

#include "control/packets/field_columns.h"
#include "control/packets/line_printer.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {
namespace {

std::string relative(int64_t time, int64_t first, int64_t resolution_ns) {
  char text[kTimestampRoom];
  return {text, format_relative_time({time}, {first}, resolution_ns, text)};
}

TEST(RelativeTime, HasAsManyDigitsAsTheClock) {
  EXPECT_EQ(relative(1'500'000'001, 500'000'000, 1), "1.000000001");
  EXPECT_EQ(relative(1'500'000'001, 500'000'000, 1000), "1.000000");
  EXPECT_EQ(relative(1'501'000'000, 500'000'000, 1'000'000), "1.001");
  EXPECT_EQ(relative(1'500'000'000, 500'000'000, 1'000'000'000), "1");
  EXPECT_EQ(relative(1'500'000'000, 500'000'000, 954), "1.000000") << "2^-20 s";
}

TEST(RelativeTime, MayBeNegativeOrMissing) {
  EXPECT_EQ(relative(0, 1'500'000, 1000), "-0.001500");
  EXPECT_EQ(relative(kNoTimestamp.ns, 1'500'000, 1000), "");
  EXPECT_EQ(relative(1'500'000, kNoTimestamp.ns, 1000), "");
}

TEST(HexDump, IsTsharks) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  Output out(fileno(file));
  const Bytes bytes{0xff, 'A', '~', 0x7f, ' ', 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 'z'};
  put_hex_dump(bytes, out);
  ASSERT_FALSE(out.finish());
  std::rewind(file);
  char text[512];
  const std::string printed(text, std::fread(text, 1, sizeof text, file));
  std::fclose(file);
  EXPECT_EQ(printed,
            "0000  ff 41 7e 7f 20 05 06 07 08 09 0a 0b 0c 0d 0e 0f   .A~. ...........\n"
            "0010  10 7a                                             .z\n\n");
}

struct StyleCase {
  const char* assignment;
  const char* error;  // empty: it is taken
};

TEST(FieldStyle, TakesWhatTsharkTakesAndSaysWhatItExpects) {
  for (const StyleCase& each : {
           StyleCase{"header=y", ""},
           StyleCase{"separator=/t", ""},
           StyleCase{"separator=,", ""},
           StyleCase{"aggregator=/s", ""},
           StyleCase{"quote=d", ""},
           StyleCase{"occurrence=f", ""},
           StyleCase{"header=yes", "-E header=yes: expected header=y or header=n"},
           StyleCase{"separator=ab", "-E separator=ab: expected separator=/t, /s or a single character"},
           StyleCase{"separator=", "-E separator=: expected separator=/t, /s or a single character"},
           StyleCase{"quote=x", "-E quote=x: expected quote=d (double), s (single) or n (none)"},
           StyleCase{"ocurrence=f", "-E ocurrence=f: expected header, separator, quote, occurrence or aggregator; did you mean 'occurrence'?"},
       }) {
    FieldStyle style;
    const auto taken = style.set(each.assignment);
    EXPECT_EQ(taken ? "" : taken.error().message, each.error) << each.assignment;
  }
}

}  // namespace
}  // namespace wirewatch::testing
