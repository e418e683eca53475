// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "control/cli/policy_file.h"
#include "control/cli/progress.h"

namespace wirewatch {
namespace {

TEST(PolicyFile, NamesWhatIsUnwanted) {
  EXPECT_EQ(parse_policy("unwanted = [\"bittorrent\", \"p2p\"]", "p.toml").value(),
            (std::vector<std::string>{"bittorrent", "p2p"}));
  EXPECT_EQ(parse_policy("# nothing yet\n", "p.toml").value(), std::vector<std::string>{});
}

TEST(PolicyFile, RefusesWhatItDoesNotKnowWithItsPlace) {
  const struct {
    const char* description;
    const char* text;
    const char* expected;
  } cases[] = {
      {"a mistyped key", "\nunwantd = []", "p.toml:2:1: unknown key 'unwantd'; did you mean 'unwanted'?"},
      {"another key", "log = true", "p.toml:1:1: unknown key 'log'"},
      {"no list", "unwanted = \"p2p\"", "p.toml:1:12: 'unwanted' takes a list of names"},
      {"a number among the names", "unwanted = [\n  \"p2p\",\n  7]",
       "p.toml:3:3: 'unwanted' takes a list of names"},
      {"an empty name", "unwanted = [\"\"]", "'unwanted' takes a list of names"},
      {"a key given twice", "unwanted = []\nunwanted = []", "p.toml:2:"},
      {"no TOML at all", "unwanted", "p.toml:1:"}};
  for (const auto& [description, text, expected] : cases) {
    const auto parsed = parse_policy(text, "p.toml");
    ASSERT_FALSE(parsed) << description;
    EXPECT_NE(parsed.error().message.find(expected), std::string::npos)
        << description << ": " << parsed.error().message;
  }
}

TEST(ProgressLine, SaysHowFarAndHowMuchLonger) {
  using std::chrono::seconds;
  EXPECT_EQ(progress_line({3'000'000, 250, 1000}, seconds(3), 80),
            "3,000,000 packets, 1,000,000 packets/s, 25 %, 9.00 s left");
  EXPECT_EQ(progress_line({3'000'000, 250, 0}, seconds(3), 80), "3,000,000 packets, 1,000,000 packets/s")
      << "a stream has no size";
  EXPECT_EQ(progress_line({10, 1000, 1000}, seconds(1), 80), "10 packets, 10.0 packets/s, 100 %, 0 s left");
  EXPECT_EQ(progress_line({3'000'000, 250, 1000}, seconds(3), 12).size(), 12u);
}

}  // namespace
}  // namespace wirewatch
