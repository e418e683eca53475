// SPDX-License-Identifier: BSD-3-Clause
// Inputs that once broke the reading of rules, and damaged copies of good ones, keep every invariant the
// fuzzer checks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>
#include <vector>

#include "control/rules/rule_compiler.h"
#include "tests/fuzz/rules_check.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

constexpr std::string_view kDemo = R"(schema = 1
[[protocol]]
name = "demo"
category = "test"
reference = "RFC 0"
ports = [7, 9]
  [[protocol.sig]]
  id = "demo.a"
  l4 = "any"
  dir = "client"
  regex = '(?i)^(?:ab|[^]c$]){2}\z'
  test = ["be16@2 == len - 4", "u8@-1 & 0x0f in 1..port"]
  strength = "weak"
  confirm = "port"
  over = ["other"]
  refine = {field = "le32@4", 0x10 = "other"}
  extract = "tls.sni"
[[protocol]]
name = "other"
)";

void damage_and_check(const Bytes& good, int rounds) {
  EXPECT_EQ(fuzz::check_rules(good), "");
  std::mt19937 random(1);  // the same damage every time
  for (int round = 0; round < rounds; ++round) {
    Bytes bad = good;
    for (int i = 0; i < 2; ++i) bad[8 + random() % (bad.size() - 8)] = static_cast<uint8_t>(random());
    if (round % 4 == 0) bad.resize(8 + random() % (bad.size() - 8));
    ASSERT_EQ(fuzz::check_rules(bad), "") << "round " << round;
  }
}

TEST(RuleFuzzCases, KeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_FUZZ is not set; meson test sets it";
  const fs::path crashes = fs::path(folder) / "crashes" / "rules";
  if (!fs::exists(crashes)) return;
  for (const auto& entry : fs::directory_iterator(crashes)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(fuzz::check_rules(bytes), "") << entry.path();
  }
}

TEST(RuleFuzzCases, DamagedRuleFilesKeepEveryInvariant) {
  damage_and_check({kDemo.begin(), kDemo.end()}, 1000);
}

TEST(RuleFuzzCases, DamagedBlobsKeepEveryInvariant) {
  const auto compiled = compile_rules(RuleSources{{{"demo.toml", std::string(kDemo), false}}});
  ASSERT_TRUE(compiled) << compiled.error().message;
  damage_and_check(compiled->blob, 2000);
}

}  // namespace
}  // namespace wirewatch
