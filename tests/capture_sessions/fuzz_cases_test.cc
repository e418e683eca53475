// SPDX-License-Identifier: BSD-3-Clause
// Inputs that once broke the readers of sessions and calendars, and damaged copies of good ones, keep every invariant the
// fuzzer checks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include "tests/fuzz/case_files.h"
#include "tests/fuzz/sessions_check.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

TEST(SessionFuzzCases, KeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_FUZZ is not set; meson test sets it";
  for (const Bytes& bytes : fuzz::files_of(fs::path(folder) / "crashes" / "sessions")) EXPECT_EQ(fuzz::check_sessions(bytes), "");
}

TEST(SessionFuzzCases, DamagedOnesKeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_FUZZ is not set; meson test sets it";
  const auto seeds = fuzz::files_of(fs::path(folder) / "corpus" / "sessions");
  ASSERT_FALSE(seeds.empty());
  std::mt19937 random(1);  // the same damage every time
  for (const Bytes& seed : seeds) {
    EXPECT_EQ(fuzz::check_sessions(seed), "");
    for (int round = 0; round < 200; ++round) {
      Bytes bytes = seed;
      bytes[random() % bytes.size()] = seed[random() % seed.size()];
      for (int i = 0; i < 2; ++i) bytes[random() % bytes.size()] = static_cast<uint8_t>(' ' + random() % 95);
      if (round % 4 == 0) bytes.resize(random() % bytes.size());
      ASSERT_EQ(fuzz::check_sessions(bytes), "") << "round " << round;
    }
  }
}

}  // namespace
}  // namespace wirewatch
