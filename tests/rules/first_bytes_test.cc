// SPDX-License-Identifier: BSD-3-Clause
// The bytes with which a match can begin, and what becomes of them: a payload is scanned with the database of its first byte.
#include "control/rules/first_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/rules/database_compiler.h"
#include "control/rules/rule_compiler.h"
#include "dataplane/classify/classifier.h"

namespace wirewatch {
namespace {

std::string text_of(const std::bitset<256>& bytes) {
  if (bytes.all()) return "all";
  std::string text;
  for (size_t i = 0; i < 256; ++i) {
    if (bytes[i]) text += static_cast<char>(i);
  }
  return text;
}

TEST(FirstBytes, AreThoseOfTheFirstAtom) {
  struct Case {
    const char* regex;
    std::string bytes;
  };
  const std::vector<Case> cases{
      {"^GET ", "Gg"},  // letters stand for both cases: more is safe
      {"^\\x16\\x03[\\x00-\\x03]", "\x16"},
      {"^[\\x01-\\x03]x", "\x01\x02\x03"},
      {"^(?:\\+OK|-ERR)", "+-"},
      {"^(?i:ehlo|HELO)", "EHeh"},
      {"(?i)^\\x2aa", "*"},
      {"^a?[0-1]", "01a"},
      {"^[^\\x00-\\xfe]z", "\xff"},
      {"^..\\x81", "all"},
      {"^.{2}x", "all"},
      {"^(unclosed", "all"},
  };
  for (const Case& test : cases) EXPECT_EQ(text_of(first_bytes(test.regex)), test.bytes) << test.regex;
}

constexpr std::string_view kRules = R"(
schema = 1
[[protocol]]
name = "one"
category = "test"
  [[protocol.sig]]
  id = "one.byte"
  l4 = "tcp"
  dir = "any"
  regex = '^\x7f[a-c]{3}'
  strength = "strong"
[[protocol]]
name = "several"
category = "test"
  [[protocol.sig]]
  id = "several.bytes"
  l4 = "tcp"
  dir = "any"
  regex = '^(?i:[p-s]uit)'
  strength = "strong"
[[protocol]]
name = "many"
category = "test"
  [[protocol.sig]]
  id = "many.bytes"
  l4 = "tcp"
  dir = "any"
  regex = '^.\x00[a-c]\x00'
  strength = "strong"
)";

TEST(FirstBytes, ChooseTheDatabasesOfASignature) {
  const RuleSources sources{{{"test.toml", std::string(kRules), false}}};
  const auto linked = parse_and_link(sources);
  ASSERT_TRUE(linked);
  const auto parts = shared_parts(*linked, SharedDatabase::Tcp);
  ASSERT_EQ(parts.size(), 10u) << "0x7f, p to s in both cases, and many";
  EXPECT_EQ(parts.back().first_byte, kAnyFirstByte);
  EXPECT_TRUE(shared_parts(*linked, SharedDatabase::Udp).empty());
}

TEST(FirstBytes, MissNoPayload) {
  const RuleSources sources{{{"test.toml", std::string(kRules), false}}};
  const auto rules = RuleSet::load(compile_rules(sources).value().blob);
  ASSERT_TRUE(rules);
  const auto name = [&](const std::string& payload) {
    Classifier classifier(*rules);
    ClassifyState state{};
    const auto* const bytes = reinterpret_cast<const uint8_t*>(payload.data());
    const auto said = classifier.observe(state, {.ip_protocol = 6, .direction = FlowDirection::ToServer, .client_port = 40000,
                                                 .server_port = 4000, .payload = {bytes, payload.size()}});
    return std::string((*rules)->application_name(said.verdict.application));
  };
  using namespace std::literals;
  EXPECT_EQ(name("\x7f"s + "abc and some more"), "one");
  for (const char first : {'p', 'Q', 'r', 'S'}) EXPECT_EQ(name(first + "uit and some more"s), "several") << first;
  for (int first = 0; first < 256; ++first) {
    EXPECT_EQ(name(static_cast<char>(first) + "\0b\0 and some more bytes"s), "many") << first;
  }
}

}  // namespace
}  // namespace wirewatch
