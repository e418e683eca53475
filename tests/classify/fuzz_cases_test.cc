// SPDX-License-Identifier: BSD-3-Clause
// Inputs that once broke classification, and damaged copies of good ones, keep every invariant the fuzzer
// checks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>
#include <vector>

#include "tests/classify/client_hello.h"
#include "tests/classify/rules_from.h"
#include "tests/fuzz/extractors_check.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

/// The fuzzer's form of a flow: options, then {direction, le16 length, payload} for each packet.
Bytes flow_of(uint8_t options, const std::vector<Bytes>& payloads) {
  Bytes flow{options};
  for (size_t i = 0; i < payloads.size(); ++i) {
    flow.push_back(static_cast<uint8_t>(i % 2));
    flow.push_back(static_cast<uint8_t>(payloads[i].size()));
    flow.push_back(static_cast<uint8_t>(payloads[i].size() >> 8));
    for (const uint8_t byte : payloads[i]) flow.push_back(byte);
  }
  return flow;
}

Bytes text(std::string_view characters) {
  const auto bytes = bytes_of(characters);
  return {bytes.begin(), bytes.end()};
}

TEST(ClassifyFuzzCases, KeepEveryInvariant) {
  const char* const folder = std::getenv("WIREWATCH_FUZZ");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_FUZZ is not set; meson test sets it";
  const fs::path crashes = fs::path(folder) / "crashes" / "extractors";
  if (!fs::exists(crashes)) return;
  for (const auto& entry : fs::directory_iterator(crashes)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(fuzz::check_extractors(bytes), "") << entry.path();
  }
}

TEST(ClassifyFuzzCases, DamagedFlowsKeepEveryInvariant) {
  const Bytes hello = tls_record(ClientHello().server_name("www.example").message());
  const Bytes request = text("GET / HTTP/1.1\r\nHost: www.example\r\n\r\n");
  const std::vector<Bytes> flows{
      flow_of(0, {hello, text("\x16\x03\x03")}),
      flow_of(4, {text("G"), request, text("HT"), text("HTTP/1.1 200 OK\r\n")}),
      flow_of(5, {Bytes(1200, 0xc3), text("\x01\x02"), text("\x11"), text("\x12")}), hello, request};
  std::mt19937 random(1);  // the same damage every time
  for (const Bytes& good : flows) {
    EXPECT_EQ(fuzz::check_extractors(good), "");
    for (int round = 0; round < 500; ++round) {
      Bytes bad = good;
      for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<uint8_t>(random());
      bad.resize(1 + random() % bad.size());
      ASSERT_EQ(fuzz::check_extractors(bad), "") << "round " << round;
    }
  }
}

}  // namespace
}  // namespace wirewatch
