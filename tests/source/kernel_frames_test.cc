// SPDX-License-Identifier: BSD-3-Clause
// What is done to frames that the kernel hands over otherwise than they were on the wire.
#include <gtest/gtest.h>

#include "dataplane/source/frame_offloads.h"
#include "dataplane/source/interface_info.h"
#include "dataplane/source/joined_frames.h"
#include "dataplane/source/vlan_tag.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

TEST(VlanTag, GoesBackBehindTheAddresses) {
  const Bytes wire = eth().ieee8021ad(0x123).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hello").bytes();
  Bytes stripped(wire.begin(), wire.end());
  stripped.erase(stripped.begin() + 12, stripped.begin() + 16);
  Bytes memory(16, 0xee);  // headroom
  memory.insert(memory.end(), stripped.begin(), stripped.end());
  Packet packet = packet_over(stripped);
  packet.data = memory.data() + 16;
  EXPECT_TRUE(put_back_vlan_tag(packet, memory.data() + 16, 0x88a8, 0x123));
  EXPECT_EQ(Bytes(packet.data, packet.data + packet.captured_length), wire);
  EXPECT_EQ(packet.original_length, wire.size());
  EXPECT_EQ(Bytes(memory.begin(), memory.begin() + 12), Bytes(12, 0xee)) << "nothing before it is touched";
}

TEST(VlanTag, LeavesFramesWithoutAddressesAlone) {
  Bytes memory(16 + 11, 0xee);
  Packet packet{.data = memory.data() + 16, .captured_length = 11, .original_length = 60};
  EXPECT_FALSE(put_back_vlan_tag(packet, memory.data() + 16, 0x8100, 5));
  EXPECT_EQ(packet.captured_length, 11u);
  EXPECT_EQ(memory, Bytes(27, 0xee));
}

TEST(JoinedFrames, MakesOneRunOfBytesOfThePieces) {
  JoinedFrames joined(true);
  for (const size_t index : {size_t{0}, kBurstSize - 1}) {
    const Bytes first(3840, 1), second(4096, 2), third(77, 3);
    joined.begin(index);
    for (const Bytes* piece : {&first, &second, &third}) joined.add(*piece);
    EXPECT_EQ(joined.length(), 3840u + 4096 + 77);
    ASSERT_EQ(joined.copied(), joined.length());
    EXPECT_EQ(joined.frame()[3839], 1);
    EXPECT_EQ(joined.frame()[3840], 2);
    EXPECT_EQ(joined.frame()[joined.length() - 1], 3);
  }
}

TEST(JoinedFrames, CutsWhatIsLongerThanAnyFrameButKnowsItsLength) {
  JoinedFrames joined(true);
  const Bytes piece(4096, 7);
  joined.begin(kBurstSize - 1);
  for (int i = 0; i < 20; ++i) joined.add(piece);
  EXPECT_EQ(joined.length(), 20u * 4096);
  EXPECT_LT(joined.copied(), joined.length());
  EXPECT_GE(joined.copied(), 65535u + 14 + 8);
}

TEST(FrameOffloads, MoveWithAFrameThatGrowsInFront) {
  FrameOffloads owed{.flags = FrameOffloads::kNeedsChecksum, .segmentation = 1, .header_length = 54, .segment_size = 1448,
                     .checksum_start = 34, .checksum_offset = 16};
  owed.shift(4);
  EXPECT_EQ(owed.header_length, 58);
  EXPECT_EQ(owed.checksum_start, 38);
  EXPECT_EQ(owed.checksum_offset, 16) << "counted from the start of the checksummed part";
  FrameOffloads nothing;
  nothing.shift(4);
  EXPECT_EQ(nothing.header_length, 0);
  EXPECT_EQ(nothing.checksum_start, 0);
}

TEST(FrameKind, KnowsWhatFramesOfAnInterfaceBeginWith) {
  const struct {
    const char* description;
    uint16_t hardware_type;
    std::optional<uint16_t> link_type;
    bool cooked;
  } cases[] = {
      {"Ethernet", 1, 1, false},       {"loopback", 772, 1, false},    {"a tun device", 0xfffe, 101, true},
      {"PPP", 512, 101, true},         {"IP in IP", 768, 101, true},   {"GRE", 778, 101, true},
      {"WLAN monitor", 803, 127, false}, {"CAN", 280, std::nullopt, false},
  };
  for (const auto& one : cases) {
    const auto kind = frame_kind(one.hardware_type);
    ASSERT_EQ(kind.has_value(), one.link_type.has_value()) << one.description;
    if (!kind) continue;
    EXPECT_EQ(kind->link_type, *one.link_type) << one.description;
    EXPECT_EQ(kind->cooked, one.cooked) << one.description;
  }
}

}  // namespace
}  // namespace wirewatch::testing
