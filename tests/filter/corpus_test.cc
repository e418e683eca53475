// SPDX-License-Identifier: BSD-3-Clause
// The filters of the corpus that WIREWATCH_CORPUS names: each has to select exactly the frames tshark selected.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "dataplane/classify/sha256.h"
#include "tests/filter/frames_of.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

/// tshark's hash is that of the numbers with line ends between.
std::string sha256_of_frames(std::string frames) {
  for (char& c : frames) c = c == ' ' ? '\n' : c;
  std::string text;
  for (const uint8_t byte : sha256({reinterpret_cast<const uint8_t*>(frames.data()), frames.size()})) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0f];
  }
  return text;
}

TEST(FilterCorpus, SelectsTheFramesTsharkDid) {
  const char* const corpus = std::getenv("WIREWATCH_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "WIREWATCH_CORPUS is not set";
  std::map<std::string, fs::path> captures;
  for (const auto& entry : fs::directory_iterator(fs::path(corpus) / "captures")) captures[entry.path().stem()] = entry.path();
  size_t asked = 0, exact = 0;
  std::string wrong;
  for (const auto& entry : fs::directory_iterator(fs::path(corpus) / "truth")) {
    const auto capture = captures.find(entry.path().stem());
    if (capture == captures.end()) continue;
    std::ifstream file(entry.path());
    const auto truth = nlohmann::json::parse(file);
    std::vector<std::string> filters;
    const auto rows = truth.value("filters", nlohmann::json::array());
    for (const auto& row : rows) filters.push_back(row.at("filter"));
    const auto selected = frames_of(capture->second, filters);
    for (size_t i = 0; i < filters.size(); ++i) {
      const size_t matched = rows[i].at("matched");
      const bool same = selected[i].fault.empty() && selected[i].count == matched &&
                        (matched == 0 || !rows[i].contains("sha256") || sha256_of_frames(selected[i].frames) == rows[i].at("sha256"));
      ++asked;
      exact += same;
      if (!same) wrong += entry.path().stem().string() + ": " + filters[i] + "\n";
    }
  }
  ASSERT_GT(asked, 0u);
  RecordProperty("asked", static_cast<int>(asked));
  RecordProperty("exact", static_cast<int>(exact));
  EXPECT_EQ(exact, asked) << "not like tshark:\n" << wrong;
}

}  // namespace
}  // namespace wirewatch
