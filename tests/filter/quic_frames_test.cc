// SPDX-License-Identifier: BSD-3-Clause
// Frames and headers of QUIC that few senders use: Google's ACKs, and packets without the bit that tells QUIC apart.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/quic/initial_packet.h"

namespace wirewatch::quic {
namespace {

std::span<const uint8_t> bytes_of(const std::string& text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

TEST(QuicFrames, AreFoundBehindGooglesAcks) {
  constexpr uint32_t kT051 = 0x54303531;
  struct Case {
    const char* description;
    std::string ack;
    bool whole;
  };
  const Case cases[] = {
      {"one block, numbers of a byte", std::string("\x40\x01\x00\x00\x01\x00", 6), true},
      {"numbers of six and four bytes", std::string("\x4e", 1) + std::string(6 + 2 + 4, '\1') + std::string(1, '\0'), true},
      {"two more blocks of two bytes", std::string("\x61\x09\x00\x00\x02\x00\x01\x01\x00\x01\x01\x00\x01\x00", 14), true},
      {"three times", std::string("\x40\x01\x00\x00\x01\x03", 6) + std::string(5 + 3 + 3, '\2'), true},
      {"times beyond the end", std::string("\x40\x01\x00\x00\x01\xff", 6), false},
      {"a ping", "\x07", true},
  };
  for (const Case& one : cases) {
    const std::string frames = one.ack + std::string("\x08\x00\x03TLS", 6);
    std::string seen;
    for_each_crypto_frame(bytes_of(frames), *find_version(kT051), [&](uint64_t, uint64_t, std::span<const uint8_t> bytes) {
      seen.assign(bytes.begin(), bytes.end());
      return true;
    });
    EXPECT_EQ(seen, one.whole ? "TLS" : "") << one.description;
  }
}

TEST(QuicFrames, ComeInPacketsWithoutTheFixedBitOnceAConnectionIsKnown) {
  std::string packet = std::string("\x80\x00\x00\x00\x01\x02" "ab" "\x00\x00\x14", 11) + std::string(20, 'x');
  EXPECT_FALSE(read_long_packet(bytes_of(packet)));
  const auto known = read_long_packet(bytes_of(packet), true);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->type, LongType::Initial);
  EXPECT_TRUE(known->is_whole());
  packet[0] = '\x40';
  EXPECT_FALSE(read_long_packet(bytes_of(packet), true)) << "a short header";
}

}  // namespace
}  // namespace wirewatch::quic
