// SPDX-License-Identifier: BSD-3-Clause
// Frames on a real cable, tapped out of the running data plane: byte for byte what was sent, in order, with nothing missing,
// from the rings that AF_PACKET and AF_XDP fill.
#include <gtest/gtest.h>

#include "dataplane/pipeline/packet_region.h"
#include "tests/app/data_plane_process.h"
#include "tests/netns/cabled_test.h"

namespace wirewatch::testing {
namespace {

class TapsOverCable : public CabledTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(TapsOverCable, HandOverEveryFrameTheyAskForAsItWasSent) {
  if (IsSkipped()) return;
  cable();
  DataPlaneProcess process("[dataplane]\nmax_flows = 5000\nmax_pending_syns = 5000\nmax_table_rows = 5000\ncapture_ring_mib = 4\n"
                           "[[dataplane.port]]\nname = \"tap\"\nsource = \"" + std::string(GetParam()) + ":right\"\n");
  ASSERT_TRUE(process.running()) << process.words();
  const auto taps = nlohmann::json::parse(R"([{"slot": 0, "id": 1, "filter": "udp.dstport == 2000"}, {"slot": 1, "id": 2, "bpf": "tcp port 443"},
                                              {"slot": 2, "id": 3, "port": "tap", "snap_length": 40}])");
  const Answered answer = process.client().ask({{"command", "taps"}, {"set", 1}, {"taps", taps}});
  ASSERT_TRUE(answer.json.value("ok", false)) << answer.json;
  auto region = PacketRegionReader::map(answer.file.get());
  ASSERT_TRUE(region) << region.error().message;

  constexpr size_t kFrames = 600;
  std::vector<Bytes> sent;
  std::array<std::vector<Bytes>, 3> expected, drained;
  for (size_t i = 0; i < kFrames; ++i) {
    const auto port = static_cast<uint16_t>(1'000 + i % 50);
    const bool udp = i % 3 == 0;
    Bytes frame = udp ? udp_frame(i, port) : eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, i % 3 == 1 ? 443 : 80).ack().seq(static_cast<uint32_t>(i)).bytes();
    if (udp) expected[0].push_back(frame);
    if (i % 3 == 1) expected[1].push_back(frame);
    expected[2].emplace_back(frame.begin(), frame.begin() + std::min<ptrdiff_t>(40, std::ssize(frame)));
    sent.push_back(std::move(frame));
  }
  ASSERT_EQ(left_->send(sent), sent.size());
  EXPECT_TRUE(process.wait_for([&](const nlohmann::json&) {
    for (PacketRingReader& ring = region->ring(0); const DrainedPacket* packet = ring.peek(); ring.pop()) {
      for (size_t slot = 0; slot < drained.size(); ++slot) {
        if ((packet->head.taps >> slot & 1) == 0) continue;
        // One copy for all that want it; each takes as much of it as it asked for.
        const size_t length = slot == 2 ? std::min<size_t>(40, packet->bytes.size()) : packet->bytes.size();
        drained[slot].emplace_back(packet->bytes.begin(), packet->bytes.begin() + static_cast<ptrdiff_t>(length));
      }
    }
    return drained[2].size() >= kFrames;
  }));
  for (size_t slot = 0; slot < drained.size(); ++slot) {
    EXPECT_EQ(drained[slot].size(), expected[slot].size()) << slot;
    EXPECT_TRUE(drained[slot] == expected[slot]) << "other frames, or in another order, of tap " << slot;
    EXPECT_EQ(region->counts(0, static_cast<uint8_t>(slot))->matched_packets, expected[slot].size());
    EXPECT_EQ(region->counts(0, static_cast<uint8_t>(slot))->dropped_packets, 0u);
  }
}

#ifdef WIREWATCH_HAS_AFXDP
INSTANTIATE_TEST_SUITE_P(Sources, TapsOverCable, ::testing::Values("afpacket", "afxdp"));
#else
INSTANTIATE_TEST_SUITE_P(Sources, TapsOverCable, ::testing::Values("afpacket"));
#endif

}  // namespace
}  // namespace wirewatch::testing
