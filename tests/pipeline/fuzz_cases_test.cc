// SPDX-License-Identifier: BSD-3-Clause
// Inputs that once broke parsing, counting or the ring of tapped packets, and damaged copies of good ones, keep every
// invariant that the fuzzers check.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/packet_check.h"
#include "tests/fuzz/region_check.h"
#include "tests/pipeline/traffic_mix.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

TEST(PacketFuzzCases, KeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_FUZZ is not set; meson test sets it";
  for (const std::string_view kind : {"crashes", "corpus"}) {
    const fs::path inputs = fs::path(folder) / kind / "packet";
    if (!fs::exists(inputs)) continue;
    for (const auto& entry : fs::directory_iterator(inputs)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
      EXPECT_EQ(fuzz::check_packets(bytes), "") << entry.path();
    }
  }
}

TEST(PacketFuzzCases, DamagedMixesKeepEveryInvariant) {
  std::mt19937 random(1);  // the same damage every time
  for (unsigned round = 0; round < 300; ++round) {
    Bytes input{static_cast<uint8_t>(random())};
    for (const SentFrame& frame : traffic_mix(round, 40)) {
      input.push_back(random() % 4 == 0 ? static_cast<uint8_t>(random()) : uint8_t{0});  // mostly Ethernet
      input.push_back(random() % 2 == 0 ? static_cast<uint8_t>(random()) : uint8_t{0});
      input.push_back(static_cast<uint8_t>(frame.bytes.size()));
      input.push_back(static_cast<uint8_t>(frame.bytes.size() >> 8));
      input = std::move(input) + frame.bytes;
    }
    for (unsigned i = 0; i < round % 10; ++i) input[random() % input.size()] = static_cast<uint8_t>(random());
    ASSERT_EQ(fuzz::check_packets(input), "") << "round " << round;
  }
}

TEST(RegionFuzzCases, KeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  const fs::path crashes = fs::path(folder == nullptr ? "" : folder) / "crashes" / "region";
  if (fs::exists(crashes)) {
    for (const auto& entry : fs::directory_iterator(crashes)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
      EXPECT_EQ(fuzz::check_region(bytes), "") << entry.path();
    }
  }
  std::mt19937 random(3);
  for (unsigned round = 0; round < 3'000; ++round) {
    Bytes input(1 + random() % 600);
    // Half of them without a lie, so that the sums are looked at: the things that happen are every fifth byte.
    for (size_t i = 0; i < input.size(); ++i) input[i] = static_cast<uint8_t>(i % 5 == 1 && round % 2 == 0 ? random() % 6 : random());
    if (round % 50 == 0) input[0] = 0xff;
    ASSERT_EQ(fuzz::check_region(input), "") << "round " << round;
  }
}

}  // namespace
}  // namespace wirewatch::testing
