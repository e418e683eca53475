// SPDX-License-Identifier: BSD-3-Clause
// The fuzzer's seeds and every input that ever broke an invariant, run as a test. WIREWATCH_FUZZ is tests/fuzz/.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/capture_check.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

size_t check_folder(const fs::path& folder) {
  size_t checked = 0;
  if (!fs::exists(folder)) return checked;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_EQ(fuzz::check_capture(bytes), "") << entry.path();
    ++checked;
  }
  return checked;
}

TEST(CaptureFuzzCases, KeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_FUZZ is not set; meson test sets it";
  EXPECT_GT(check_folder(fs::path(folder) / "corpus" / "capture"), 0u);
  check_folder(fs::path(folder) / "crashes" / "capture");
}

}  // namespace
}  // namespace wirewatch::testing
