// SPDX-License-Identifier: BSD-3-Clause
// Captures handed over at the pace of their timestamps: never earlier than they say, all of them, in order.
#include "dataplane/source/replay_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/capture_builder.h"

namespace wirewatch::testing {
namespace {

/// Four frames, 10 ms apart, but for the last, which claims to be from an hour before.
std::string small_capture() {
  PcapBuilder pcap;
  for (uint32_t i = 0; i < 3; ++i) pcap.record(5'000, i * 10'000, Bytes(60, static_cast<uint8_t>(i)));
  pcap.record(1'400, 0, Bytes(60, 9));
  const std::string path = (std::filesystem::temp_directory_path() / ("wirewatch-replay-" + std::to_string(::getpid()) + ".pcap")).string();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(pcap.bytes().data()), static_cast<std::streamsize>(pcap.bytes().size()));
  return path;
}

struct Seen {
  uint8_t first_byte;
  int64_t after_ns;  // the first
};

std::vector<Seen> replayed(double speed) {
  static const TscClock clock;
  const std::string path = small_capture();
  auto reader = CaptureReader::open(path);
  if (!reader) throw std::runtime_error(reader.error().message);
  ReplaySource source(std::move(*reader), speed, 3, clock);
  std::vector<Seen> seen;
  Burst burst;
  int64_t first = 0;
  for (;;) {
    const Poll got = source.poll(burst);
    if (got == Poll::End) break;
    if (got == Poll::Idle) {
      source.wait(std::chrono::milliseconds(100));
      continue;
    }
    const int64_t now = clock.now_ns();
    if (seen.empty()) first = now;
    for (size_t i = 0; i < burst.count; ++i) {
      EXPECT_EQ(burst.packets[i].interface, 3);
      seen.push_back({burst.packets[i].data[0], now - first});
    }
    source.recycle(burst);
  }
  EXPECT_EQ(source.packets(), 4u);
  std::filesystem::remove(path);
  return seen;
}

TEST(ReplaySource, KeepsThePaceOfTheTimestamps) {
  for (const double speed : {1.0, 4.0}) {
    const auto seen = replayed(speed);
    ASSERT_EQ(seen.size(), 4u);
    constexpr double kReadingApart_ns = 2e6;  // the clock is read again after the poll
    EXPECT_GE(static_cast<double>(seen[1].after_ns), 10e6 / speed - kReadingApart_ns) << speed;
    EXPECT_GE(static_cast<double>(seen[2].after_ns), 20e6 / speed - kReadingApart_ns) << speed;
    EXPECT_EQ(seen[3].first_byte, 9) << "a frame from the past is due at once";
  }
}

TEST(ReplaySource, WaitsForNothingAtFullSpeed) {
  const auto seen = replayed(0);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0].after_ns, seen[3].after_ns) << "all in one burst";
}

}  // namespace
}  // namespace wirewatch::testing
