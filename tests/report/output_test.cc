// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/report/captured_output.h"

namespace wirewatch {
namespace {

std::string timestamp_text(int64_t ns) {
  std::string text(kTimestampRoom, '\0');
  text.resize(static_cast<size_t>(format_timestamp({ns}, text.data()) - text.data()));
  return text;
}

TEST(TimestampText, HasNineDigitsAfterThePointOnEitherSideOfTheEpoch) {
  const struct {
    const char* description;
    int64_t ns;
    const char* expected;
  } cases[] = {{"the epoch", 0, "0.000000000"},
               {"zeros of the fraction stay", 1'000'000'001, "1.000000001"},
               {"a capture of today", 1'772'360'523'123'456'789, "1772360523.123456789"},
               {"half a second before the epoch", -500'000'000, "-0.500000000"},
               {"more than a second before", -1'000'000'001, "-1.000000001"},
               {"the latest", INT64_MAX, "9223372036.854775807"},
               {"the earliest", INT64_MIN, "-9223372036.854775808"}};
  for (const auto& [description, ns, expected] : cases)
    EXPECT_EQ(timestamp_text(ns), expected) << description;
}

TEST(Output, KeepsTheOrderOfShortAndVeryLongPieces) {
  const std::string huge(1'000'000, 'x');
  const std::string text = testing::captured([&](Output& out) {
    out.put('a');
    out.put(huge);
    out.put(uint64_t{18'446'744'073'709'551'615u});
    out.put(int64_t{-7});
  });
  EXPECT_EQ(text, "a" + huge + "18446744073709551615-7");
}

TEST(Output, CarriesManySmallPiecesAcrossItsBuffer) {
  std::string expected;
  const std::string text = testing::captured([&](Output& out) {
    for (int i = 0; i < 200'000; ++i) {
      out.put(i);
      out.put(',');
      expected += std::to_string(i) + ",";
    }
  });
  EXPECT_EQ(text, expected);
}

TEST(Output, RemembersThatTheDiskIsFull) {
  const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Output out(fd);
  for (int i = 0; i < 100'000; ++i) out.put("a row that goes nowhere\n");
  EXPECT_EQ(out.finish(), std::errc::no_space_on_device);
  ::close(fd);
}

}  // namespace
}  // namespace wirewatch
