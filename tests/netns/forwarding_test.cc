// SPDX-License-Identifier: BSD-3-Clause
// Two ports as a bump in the wire: real TCP goes through unharmed, though the kernel hands frames over unfinished.
#include "dataplane/source/afpacket_sender.h"

#include "dataplane/source/afpacket.h"
#include "tests/netns/bridge.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/received.h"
#include "tests/netns/tcp_ends.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

class Forwarding : public CabledTest {
 protected:
  static std::unique_ptr<AfPacketSource> open(const std::string& interface) {
    auto opened = AfPacketSource::open({.interface = interface, .block_timeout_ms = 1, .ignore_outgoing = true, .forwarded = true});
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(opened->front());
  }
  static std::unique_ptr<AfPacketSender> sender(const std::string& interface, const AfPacketSource& from) {
    auto opened = AfPacketSender::open(interface);
    if (!opened) throw std::runtime_error(opened.error().message);
    (*opened)->keep_offloads_of(from);
    return std::move(*opened);
  }
};

uint64_t losses_of(const AfPacketSender& sender) {
  std::array<LossCounter, kMostLossCounters> losses;
  uint64_t sum = 0;
  for (const LossCounter& one : std::span(losses).first(sender.read_losses(losses))) sum += one.value;
  return sum;
}

TEST_F(Forwarding, CarriesTcpWithItsOffloads) {
  for (const bool offloads : {false, true}) {
    const TcpEnds ends({.offloads = offloads});
    const auto left = open("left_inner"), right = open("right_inner");
    const auto to_right = sender("right_inner", *left), to_left = sender("left_inner", *right);
    uint64_t packets = 0;
    constexpr uint64_t kBytes = 8 << 20;
    {
      Bridge there(*left, *to_right), back(*right, *to_left);
      EXPECT_EQ(ends.transfer(kBytes), kBytes) << "offloads " << offloads;
      packets = there.stop();
    }
    EXPECT_EQ(losses_of(*to_right) + losses_of(*to_left), 0u);
    EXPECT_EQ(all_losses(*left) + all_losses(*right), 0u);
    const uint64_t merged = remark(*left, "frames_merged_by_gro_or_lro");
    if (offloads) {
      EXPECT_GT(merged, 0u) << "without longer frames this proves little";
      EXPECT_LT(packets, kBytes / 1460);
    } else {
      EXPECT_EQ(merged, 0u);
    }
    run({"ip", "link", "delete", "left_inner"});
    run({"ip", "link", "delete", "right_inner"});
  }
}

TEST_F(Forwarding, PutsTagsBackBeforeAFrameIsSentOn) {
  cable();
  make_veth_pair("far", "farther");
  const auto from = open("right");
  const auto to = sender("far", *from);
  const auto seen = open("farther");
  const std::vector<Bytes> frames{eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("one tag").bytes(),
                                  eth().ieee8021ad(7).vlan(8).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("two").bytes(),
                                  eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("none").bytes()};
  ASSERT_EQ(left_->send(frames), frames.size());
  size_t sent = 0;
  EXPECT_EQ(each_burst(*from, frames.size(), [&](std::span<const Packet> packets) { sent += to->send(packets); }), frames.size());
  EXPECT_EQ(sent, frames.size());
  const auto received = receive(*seen, frames.size());
  ASSERT_EQ(received.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(received[i].bytes, frames[i]) << "frame " << i;
}

TEST_F(Forwarding, CountsFramesThatDoNotGoOut) {
  cable();
  auto opened = AfPacketSender::open("left");
  ASSERT_TRUE(opened) << opened.error().message;
  const Bytes fits = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(100).bytes();
  const Bytes does_not = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(2000).bytes();
  const std::vector<Packet> packets{packet_over(fits), packet_over(does_not), packet_over(fits)};
  const auto seen = open("right");
  EXPECT_EQ((*opened)->send(packets), 2u);
  EXPECT_EQ(receive(*seen, 2).size(), 2u);
  run({"ip", "link", "set", "left", "down"});
  EXPECT_EQ((*opened)->send(packets), 0u);
  std::array<LossCounter, 4> losses;
  ASSERT_EQ((*opened)->read_losses(losses), 4u);
  EXPECT_EQ(losses[1].name, "packet_socket_tx_too_long");
  EXPECT_EQ(losses[2].name, "packet_socket_tx_link_down");
  EXPECT_EQ(losses[1].value + losses[2].value, 4u);
  EXPECT_GE(losses[2].value, 2u);
}

}  // namespace
}  // namespace wirewatch::testing
