// SPDX-License-Identifier: BSD-3-Clause
// Every capture of the corpus that WIREWATCH_CORPUS names, against what tshark made of it: truth/NAME.json for those
// that are well, malformed/EXPECTED.tsv for those that are not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "dataplane/base/timestamp.h"
#include "tests/capture/reading.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  const char* const folder = std::getenv("WIREWATCH_CORPUS");
  return folder == nullptr ? fs::path() : fs::path(folder);
}

std::string to_text(int64_t time_ns) { return fmt::format("{}.{:09}", time_ns / kSecond_ns, time_ns % kSecond_ns); }

/// Seconds beyond what int64 nanoseconds can say: the reader gives such frames no time.
bool out_of_range(const std::string& time) { return std::stod(time) > double(std::numeric_limits<int64_t>::max()) / 1e9; }

void expect_as_tshark(const fs::path& capture, const nlohmann::json& link) {
  const Reading reading = read_path(capture);
  ASSERT_EQ(reading.error, "");
  EXPECT_FALSE(reading.summary.truncated) << reading.summary.damage;
  EXPECT_EQ(reading.summary.damage, "");
  EXPECT_EQ(reading.frames.size(), link["packets"].get<size_t>());
  uint64_t original = 0;
  uint64_t captured = 0;
  uint64_t timeless = 0;
  std::set<uint16_t> link_types;
  int64_t first = std::numeric_limits<int64_t>::max();
  int64_t last = std::numeric_limits<int64_t>::min();
  for (const Frame& frame : reading.frames) {
    original += frame.original;
    captured += frame.data.size();
    link_types.insert(frame.link_type);
    if (frame.time_ns == kNoTimestamp.ns) {
      ++timeless;
      continue;
    }
    first = std::min(first, frame.time_ns);
    last = std::max(last, frame.time_ns);
  }
  EXPECT_EQ(original, link["bytes"].get<uint64_t>());
  EXPECT_EQ(captured, link["captured_bytes"].get<uint64_t>());
  const std::string format = link["file_format"];
  EXPECT_TRUE(format.starts_with(to_string(reading.summary.format))) << format;
  if (reading.frames.empty()) return;
  EXPECT_EQ(to_text(first), link["first_ts"].get<std::string>());
  if (!out_of_range(link["last_ts"])) {
    EXPECT_EQ(to_text(last), link["last_ts"].get<std::string>());
    EXPECT_EQ(timeless, link["frames_without_ts"].get<uint64_t>());
  }
  if (reading.summary.format == CaptureFormat::NetMon) return;  // no LINKTYPE_ in the file, and tshark 4.0 says ns
  const std::set<uint16_t> expected = link["dlts"];
  EXPECT_EQ(link_types, expected);
  EXPECT_EQ(std::set<uint16_t>(reading.summary.link_types.begin(), reading.summary.link_types.end()), expected);
  const std::string precision = link["ts_precision"];
  if (precision.starts_with("microseconds")) {
    EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1000);
  } else if (precision.starts_with("nanoseconds")) {
    EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1);
  }
}

TEST(CaptureCorpus, IsReadAsTsharkReadsIt) {
  if (corpus().empty()) GTEST_SKIP() << "WIREWATCH_CORPUS is not set";
  size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(corpus() / "captures")) {
    SCOPED_TRACE(entry.path().filename());
    const fs::path truth = corpus() / "truth" / (entry.path().stem().string() + ".json");
    std::ifstream file(truth);
    ASSERT_TRUE(file) << truth;
    expect_as_tshark(entry.path(), nlohmann::json::parse(file)["link"]);
    ++compared;
  }
  EXPECT_GT(compared, 0u);
}

/// Files of malformed/ of which no packet is delivered though tshark gives one or more. It takes these heads for text or
/// MIME files and counts the file as one packet.
const std::set<std::string> kTakenForSomethingElse{"mut-pcapng-magic-only.pcapng", "mut-pcapng-shb-cut.pcapng",
                                                   "mut-pcapngbe-magic-only.pcapng", "mut-pcapngbe-shb-cut.pcapng",
                                                   "mut-pcapngbe-bom-wrong.pcapng"};

TEST(CaptureCorpus, DeliversAtLeastWhatTsharkReadsOfMalformedFilesAndSaysThatTheyAre) {
  if (corpus().empty()) GTEST_SKIP() << "WIREWATCH_CORPUS is not set";
  std::ifstream expected(corpus() / "malformed" / "EXPECTED.tsv");
  ASSERT_TRUE(expected);
  std::string line;
  std::getline(expected, line);  // the column names
  size_t compared = 0;
  while (std::getline(expected, line)) {
    std::istringstream columns(line);
    std::string name, size, packets, exit_status, origin, message;
    for (std::string* column : {&name, &size, &packets, &exit_status, &origin, &message}) std::getline(columns, *column, '\t');
    SCOPED_TRACE(name);
    ++compared;
    const Reading reading = read_path(corpus() / "malformed" / name);
    if (kTakenForSomethingElse.contains(name)) {
      EXPECT_NE(reading.error, "");
      continue;
    }
    EXPECT_GE(reading.frames.size(), std::stoul(packets));
    // "Unsupported" is about link types that tshark does not dissect; they are read here all the same.
    const bool damaged = exit_status != "0" && message.find("unsupported") == std::string::npos &&
                         message.find("doesn't support") == std::string::npos;
    if (damaged) {
      EXPECT_FALSE(reading.error.empty() && reading.summary.damage.empty());
    }
    // Nothing is called truncated without a reason, nor a reason without a count.
    EXPECT_EQ(reading.summary.truncated && reading.summary.damage.empty(), false);
  }
  EXPECT_GT(compared, 0u);
}

}  // namespace
}  // namespace wirewatch::testing
