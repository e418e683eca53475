// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/printable.h"

#include <gtest/gtest.h>

#include "control/report/utf8.h"

namespace wirewatch {
namespace {

using namespace std::string_literals;

TEST(Printable, LetsNothingMoveTheCursor) {
  const struct {
    const char* description;
    std::string text;
    const char* expected;
  } cases[] = {{"plain text", "www.example.com", "www.example.com"},
               {"an escape sequence", "\x1b[2Jgone", "\\x1b[2Jgone"},
               {"a bell, a tab and a new line", "a\a\t\n", "a\\x07\\x09\\x0a"},
               {"a NUL", "a\0b"s, "a\\x00b"},
               {"a C1 control, an escape sequence of its own",
                "\xc2\x9b"
                "31m",
                "\\xc2\\x9b31m"},
               {"bytes that are not UTF-8", "\xff\xc3", "\\xff\\xc3"},
               {"a right-to-left override",
                "a\xe2\x80\xae"
                "b",
                "a\\xe2\\x80\\xaeb"},
               {"a zero width space", "pay\xe2\x80\x8bpal", "pay\\xe2\\x80\\x8bpal"},
               {"text of another script", "münchen.例え", "münchen.例え"}};
  for (const auto& [description, text, expected] : cases)
    EXPECT_EQ(printable(text, true), expected) << description;
}

TEST(Printable, IsAsciiWhereTheTerminalIs) { EXPECT_EQ(printable("ü", false), "\\xc3\\xbc"); }

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("für"), 3u);
  EXPECT_EQ(display_width("例え"), 4u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u) << "a combining accent takes no column";
}

TEST(Shortened, CutsWhereItIsTold) {
  const struct {
    const char* description;
    std::string_view text;
    size_t width;
    Shorten where;
    std::string_view expected;
  } cases[] = {
      {"what fits stays", "10.0.0.1", 8, Shorten::Middle, "10.0.0.1"},
      {"the end", "bittorrent", 5, Shorten::End, "bitt…"},
      {"the middle keeps both ends", "2001:db8::7a31", 9, Shorten::Middle, "2001…7a31"},
      {"whole items of a list", "tcp/443 82.1 %, udp/53 10.0 %", 24, Shorten::Items, "tcp/443 82.1 %,…"},
      {"a wide character is not cut in two", "例え例え", 4, Shorten::End, "例…"},
      {"one column", "abc", 1, Shorten::End, "…"}};
  for (const auto& [description, text, width, where, expected] : cases) {
    EXPECT_EQ(shortened(text, width, where, true), expected) << description;
    EXPECT_LE(display_width(shortened(text, width, where, true)), width) << description;
    EXPECT_LE(display_width(shortened(printable(text, false), width, where, false)), width) << description;
  }
}

TEST(DecodeUtf8, RefusesWhatRfc3629Refuses) {
  const struct {
    const char* description;
    std::string_view bytes;
    size_t length;
  } cases[] = {{"ASCII", "a", 1},
               {"two bytes", "\xc3\xbc", 2},
               {"three bytes", "\xe4\xbe\x8b", 3},
               {"four bytes", "\xf0\x9f\x98\x80", 4},
               {"a lone continuation byte", "\x80", 0},
               {"cut short", "\xe4\xbe", 0},
               {"an overlong slash", "\xc0\xaf", 0},
               {"an overlong three-byte form", "\xe0\x80\xaf", 0},
               {"an overlong four-byte form", "\xf0\x80\x80\xaf", 0},
               {"a surrogate", "\xed\xa0\x80", 0},
               {"beyond U+10FFFF", "\xf4\x90\x80\x80", 0}};
  for (const auto& [description, bytes, length] : cases)
    EXPECT_EQ(decode_utf8(bytes).length, length) << description;
}

}  // namespace
}  // namespace wirewatch
