// SPDX-License-Identifier: BSD-3-Clause
// What is left of an expression in front of a long repeat, and what must stay whole.
#include "control/rules/regex_head.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace wirewatch {
namespace {

TEST(RegexHead, EndsInFrontOfALongRepeat) {
  struct Head {
    std::string_view regex;
    std::string_view head;
  };
  const std::vector<Head> cases{
      {R"(^220[ -][ -~]{0,80}ftp)", R"(^220[ -])"},
      {R"(^SUB [!-~]{1,80} [0-9])", R"(^SUB [!-~])"},
      {R"(^A.{20}B)", R"(^A..)"},
      {R"(^(?:a[b]{0,40}c|de)f)", R"(^(?:a|de))"},
      {R"(^x(?:a[b]{0,40}c)?f)", R"(^x)"},
      {R"(^x(?i:a.{1,16}){2}f)", R"(^x(?i:a.))"},
      {R"(^[\]{]{1,20}x)", R"(^[\]{])"},
  };
  for (const Head& test : cases) EXPECT_EQ(regex_head(test.regex), test.head) << test.regex;
}

TEST(RegexHead, LeavesWholeWhatIsShortOrNotUnderstood) {
  for (const std::string_view regex :
       {R"(^GET /[a-z]{1,15} (?:x|y)\z)", R"(^\{"a"\{20\}[{]9,40})", R"(^a(?=b).{0,80}c)", R"(^\x{41}.{0,80}c)",
        R"((?i)^a.{0,80}c)", R"(^a\b.{0,80}c)", R"(^a.{0,80}?c)"}) {
    EXPECT_EQ(regex_head(regex), regex);
  }
}

}  // namespace
}  // namespace wirewatch
