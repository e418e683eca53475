// SPDX-License-Identifier: BSD-3-Clause
// Filters over the bundled capture, against the frames tshark selects: from scenario.tsv, which make_truth wrote, and
// live where tshark is installed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "tests/filter/frames_of.h"
#include "tests/support/other_programs.h"

namespace wirewatch {
namespace {

using testing::output_of;

std::string folder(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? std::string{} : std::string(value);
}

bool has_tshark() { return output_of("tshark --version 2>/dev/null").find("TShark (Wireshark) 4.0") != std::string::npos; }

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t at = 0;
  for (size_t next; (next = text.find(separator, at)) != std::string::npos; at = next + 1) parts.push_back(text.substr(at, next - at));
  parts.push_back(text.substr(at));
  return parts;
}

TEST(FilterScenario, SelectsTheFramesTsharkDid) {
  if (folder("WIREWATCH_CAPTURES").empty()) GTEST_SKIP() << "WIREWATCH_CAPTURES is not set; meson test sets it";
  struct Row {
    size_t count;
    std::string hash;
  };
  std::vector<Row> truth;
  std::vector<std::string> filters;
  for (const std::string& line : lines_of(folder("WIREWATCH_FILTERS") + "/scenario.tsv")) {
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    truth.push_back({std::stoul(line.substr(0, first)), line.substr(first + 1, second - first - 1)});
    filters.push_back(line.substr(second + 1));
  }
  ASSERT_GE(filters.size(), 300u);
  const auto selected = frames_of(folder("WIREWATCH_CAPTURES") + "/scenario.cap", filters);
  for (size_t i = 0; i < filters.size(); ++i) {
    EXPECT_EQ(selected[i].fault, "") << filters[i];
    EXPECT_EQ(selected[i].count, truth[i].count) << filters[i];
    char hash[24];
    std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(fnv1a(selected[i].frames)));
    EXPECT_EQ(hash, truth[i].hash) << filters[i] << "\nselects " << selected[i].frames.substr(0, 200);
  }
}

TEST(FilterScenario, SelectsTheFramesTsharkDoesNow) {
  if (!has_tshark()) GTEST_SKIP() << "tshark 4.0 is not installed";
  const std::string capture = folder("WIREWATCH_CAPTURES") + "/scenario.pcapng", here = folder("WIREWATCH_FILTERS");
  const std::string answer = output_of("FILTERS=" + here + "/filters.txt tshark -n -q -X lua_script:" + here + "/taps.lua -r " + capture + " 2>/dev/null");
  std::vector<std::string> filters, expected;
  for (const std::string& line : split(answer, '\n')) {
    const auto columns = split(line, '\t');
    if (columns.size() < 3 || columns[0] == "error") continue;
    expected.push_back(columns[1]);
    filters.push_back(columns[2]);
  }
  if (filters.empty()) GTEST_SKIP() << "this tshark runs no Lua scripts";
  ASSERT_GE(filters.size(), 300u);
  const auto selected = frames_of(capture, filters);
  for (size_t i = 0; i < filters.size(); ++i) EXPECT_EQ(selected[i].frames, expected[i]) << filters[i];
}

TEST(FilterScenario, PrintsFieldsAsTsharkDoes) {
  if (!has_tshark()) GTEST_SKIP() << "tshark 4.0 is not installed";
  const std::string capture = folder("WIREWATCH_CAPTURES") + "/scenario.cap";
  const auto fields = lines_of(folder("WIREWATCH_FILTERS") + "/fields.txt");
  ASSERT_GE(fields.size(), 100u);
  std::string command = "tshark -n -r " + capture + " -T fields";
  for (const std::string& field : fields) command += " -e " + field;
  const auto expected = split(output_of(command + " 2>/dev/null"), '\n');
  const auto printed = field_lines(capture, fields);
  ASSERT_EQ(printed.size() + 1, expected.size());
  std::map<std::string, size_t> wrong;
  for (size_t i = 0; i < printed.size(); ++i) {
    if (printed[i] == expected[i]) continue;
    const auto ours = split(printed[i], '\t'), theirs = split(expected[i], '\t');
    for (size_t column = 0; column < fields.size(); ++column) {
      if (column < ours.size() && column < theirs.size() && ours[column] == theirs[column]) continue;
      if (++wrong[fields[column]] > 3) continue;
      ADD_FAILURE() << "frame " << i + 1 << " " << fields[column] << ": '" << (column < ours.size() ? ours[column] : "")
                    << "', by tshark '" << (column < theirs.size() ? theirs[column] : "") << "'";
    }
  }
}

}  // namespace
}  // namespace wirewatch
