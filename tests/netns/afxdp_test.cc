// SPDX-License-Identifier: BSD-3-Clause
// AF_XDP sockets behind our program, against a cable whose frames and counters are known.
#include "dataplane/source/afxdp.h"

#include <stdexcept>

#include "tests/netns/bridge.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/received.h"
#include "tests/netns/tcp_ends.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

AfXdpPort open_port(AfXdpOptions options = {.interface = "right"}) {
  auto opened = AfXdpPort::open(options);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

/// Every frame that the program saw has exactly one outcome.
void expect_balance(const XdpCounters& counters) {
  uint64_t outcomes = 0;
  for (size_t i = 0; i < xdp::COUNT_OUTCOMES; ++i) outcomes += counters[i];
  EXPECT_EQ(outcomes, counters[xdp::COUNT_SEEN]);
}

class AfXdp : public CabledTest {};

/// In the driver and in the kernel's generic path.
class AfXdpModes : public CabledTest, public ::testing::WithParamInterface<XdpOptions::Mode> {};
INSTANTIATE_TEST_SUITE_P(Mode, AfXdpModes, ::testing::Values(XdpOptions::Mode::Native, XdpOptions::Mode::Generic),
                         [](const auto& mode) { return mode.param == XdpOptions::Mode::Native ? "Native" : "Generic"; });

TEST_P(AfXdpModes, SeesEveryFrameThatTheInterfaceCounts) {
  cable();
  const AfXdpPort port = open_port({.interface = "right", .mode = GetParam()});
  AfXdpSource& source = *port.sources.at(0);
  EXPECT_EQ(port.program->native(), GetParam() == XdpOptions::Mode::Native);
  std::vector<Bytes> frames;
  for (size_t i = 0; i < 8'000; ++i) frames.push_back(udp_frame(i * 37 % 1400, static_cast<uint16_t>(i)));
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(source, frames.size());

  ASSERT_EQ(received.size(), frames.size());
  uint64_t bytes = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(received[i].bytes, frames[i]) << "frame " << i;
    ASSERT_EQ(received[i].number, i + 1);
    bytes += received[i].original_length;
  }
  const auto counters = interface_counters(source.interface().index);
  ASSERT_TRUE(counters) << counters.error().message;
  EXPECT_EQ(counters->rx_packets, received.size());
  // In its own XDP path veth counts bytes without the link header.
  const uint64_t uncounted = port.program->native() ? received.size() * 14 : 0;
  EXPECT_EQ(counters->rx_bytes + uncounted, bytes);
  EXPECT_EQ(all_losses(source), 0u);
  EXPECT_EQ(port.program->counters()[xdp::COUNT_REDIRECTED], received.size());
  EXPECT_EQ(remark(source, "frames_without_stamp"), 0u);
  expect_balance(port.program->counters());
}

TEST_P(AfXdpModes, StampsInOrderAndInUtc) {
  cable();
  const AfXdpPort port = open_port({.interface = "right", .mode = GetParam()});
  AfXdpSource& source = *port.sources.at(0);
  constexpr size_t kFrames = 200;
  const Timestamp before = source.now();
  for (size_t i = 0; i < kFrames; ++i) left_->send(udp_frame(10));
  const Timestamp after = source.now();
  const auto received = receive(source, kFrames);
  ASSERT_EQ(received.size(), kFrames);
  EXPECT_GE(received.front().time, before);
  EXPECT_LE(received.back().time, after);
  for (size_t i = 1; i < kFrames; ++i) EXPECT_GT(received[i].time, received[i - 1].time);
  EXPECT_EQ(source.timestamps().source, TimestampSource::Kernel) << "veth has no clock of its own";
}

TEST_P(AfXdpModes, KeepsVlanTagsInTheFrame) {
  cable();
  const AfXdpPort port = open_port({.interface = "right", .mode = GetParam()});
  const std::vector<Bytes> frames{
      eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("one tag").bytes(),
      eth().ieee8021ad(7).vlan(8).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("a service tag").bytes()};
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(*port.sources.at(0), frames.size());
  ASSERT_EQ(received.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(received[i].bytes, frames[i]) << "frame " << i;
}

TEST_P(AfXdpModes, CountsExactlyWhatItHadNoRoomFor) {
  cable();
  const AfXdpPort port = open_port({.interface = "right", .rx_frames = 64, .mode = GetParam()});
  AfXdpSource& source = *port.sources.at(0);
  const std::vector<Bytes> frames(5'000, udp_frame(1000));
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(source, frames.size());
  EXPECT_LT(received.size(), frames.size());
  EXPECT_GT(received.size(), 0u);
  EXPECT_EQ(received.size() + all_losses(source), frames.size());
  EXPECT_EQ(port.program->counters()[xdp::COUNT_REDIRECTED], frames.size());
  EXPECT_EQ(remark(source, "xdp_rx_fill_ring_empty"), loss(source, "xdp_rx_dropped")) << "why, not what else";
  left_->send(udp_frame(1));
  EXPECT_EQ(receive(source, 1).size(), 1u);
}

TEST_P(AfXdpModes, JoinsJumboFrames) {
  cable({.mtu = 9000});
  const AfXdpPort port = open_port({.interface = "right", .mode = GetParam()});
  AfXdpSource& source = *port.sources.at(0);
  if (!source.socket().multi_buffer()) GTEST_SKIP() << "this kernel has no AF_XDP multi-buffer (Linux 6.6)";
  std::vector<Bytes> frames;
  for (size_t i = 0; i < 300; ++i) frames.push_back(udp_frame(i % 3 == 0 ? 40 : 3700 + i * 17, static_cast<uint16_t>(i)));
  for (const Bytes& frame : frames) left_->send(frame);
  const auto received = receive(source, frames.size());
  ASSERT_EQ(received.size(), frames.size()) << "lost " << all_losses(source);
  for (size_t i = 0; i < frames.size(); ++i) ASSERT_EQ(received[i].bytes, frames[i]) << "frame " << i;
  EXPECT_EQ(remark(source, "frames_without_stamp"), 0u);
}

TEST_P(AfXdpModes, DropsWhatIsBlockedAndCountsItByReason) {
  cable();
  const AfXdpPort port = open_port({.interface = "right", .mode = GetParam()});
  AfXdpSource& source = *port.sources.at(0);
  BlockTable table;
  ASSERT_TRUE(table.block(*IpPrefix::parse("10.66.0.0/16")));
  ASSERT_TRUE(table.block(*IpPrefix::parse("2001:db8:66::/48")));
  ASSERT_TRUE(table.allow(*IpPrefix::parse("10.66.1.0/24")));
  ASSERT_TRUE(port.program->apply(table));
  const Bytes passes = udp_frame(1);
  const Bytes spared = eth().ipv4("10.0.0.1", "10.66.1.9").tcp(1, 2).syn().bytes();
  const std::vector<Bytes> frames{passes, eth().ipv4("10.0.0.1", "10.66.2.9").tcp(1, 2).syn().bytes(), spared,
                                  eth().vlan(3).ipv4("10.66.200.1", "10.0.0.1").udp(1, 2).bytes(),
                                  eth().ipv6("2001:db8:66::1", "2001:db8::1").udp(1, 2).bytes()};
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(source, 2);
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].bytes, passes);
  EXPECT_EQ(received[1].bytes, spared);
  const XdpCounters counters = port.program->counters();
  EXPECT_EQ(counters[xdp::COUNT_BLOCKED_PREFIX4], 2u);
  EXPECT_EQ(counters[xdp::COUNT_BLOCKED_PREFIX6], 1u);
  EXPECT_EQ(counters[xdp::COUNT_SPARED], 1u);
  EXPECT_EQ(counters[xdp::COUNT_SEEN], frames.size());
  expect_balance(counters);
}

TEST_F(AfXdp, LeavesQueuesWithoutASocketToTheHost) {
  cable({.queues = 2});
  const AfXdpPort port = open_port({.interface = "right", .queues = 1});
  ASSERT_EQ(port.sources.size(), 1u);
  run({"ip", "addr", "add", "10.9.0.2/24", "dev", "right"});
  std::vector<Bytes> frames;
  for (uint16_t i = 0; i < 400; ++i) frames.push_back(udp_frame(10, i));
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(*port.sources[0], frames.size());
  const XdpCounters counters = port.program->counters();
  EXPECT_EQ(counters[xdp::COUNT_REDIRECTED], received.size());
  EXPECT_EQ(counters[xdp::COUNT_PASSED_TO_HOST] + received.size(), frames.size());
  expect_balance(counters);
}

TEST_F(AfXdp, HasASocketForEveryQueue) {
  cable({.queues = 2});
  const AfXdpPort port = open_port({.interface = "right"});
  ASSERT_EQ(port.sources.size(), 2u);
  // A process sends on the queue of its CPU: from every one of them.
  std::vector<Bytes> frames;
  for (uint16_t i = 0; i < 400; ++i) frames.push_back(udp_frame(10, i));
  ASSERT_EQ(left_->send(frames), frames.size());
  size_t total = 0;
  for (const auto& source : port.sources) total += receive(*source, frames.size()).size();
  EXPECT_EQ(total, frames.size());
  EXPECT_EQ(port.program->counters()[xdp::COUNT_PASSED_TO_HOST], 0u);
}

TEST_F(AfXdp, SendsInOrderAndWhole) {
  cable({.mtu = 9000});
  const AfXdpPort out = open_port({.interface = "left", .tx_frames = 2048});
  const AfXdpPort in = open_port({.interface = "right"});
  std::vector<Bytes> frames;
  for (size_t i = 0; i < 1'000; ++i) frames.push_back(udp_frame(i * 37 % 8000, static_cast<uint16_t>(i)));
  std::vector<ReceivedFrame> received;
  for (size_t at = 0; at < frames.size(); at += 50) {
    std::vector<Packet> packets;
    for (size_t i = at; i < at + 50; ++i) packets.push_back(packet_over(frames[i]));
    ASSERT_EQ(out.sources[0]->sender().send(packets), 50u);
    for (auto& frame : receive(*in.sources[0], 50)) received.push_back(std::move(frame));
  }
  ASSERT_EQ(received.size(), frames.size()) << all_losses(*in.sources[0]);
  for (size_t i = 0; i < frames.size(); ++i) ASSERT_EQ(received[i].bytes, frames[i]) << "frame " << i;
}

TEST_F(AfXdp, CarriesTcpAsABumpInTheWire) {
  const TcpEnds ends({});
  const AfXdpPort left = open_port({.interface = "left_inner", .tx_frames = 2048});
  const AfXdpPort right = open_port({.interface = "right_inner", .tx_frames = 2048});
  Bridge there(*left.sources[0], right.sources[0]->sender()), back(*right.sources[0], left.sources[0]->sender());
  constexpr uint64_t kBytes = 4 << 20;
  EXPECT_EQ(ends.transfer(kBytes), kBytes);
  EXPECT_GT(there.stop(), kBytes / 1500);
  EXPECT_GT(back.stop(), 0u);
  EXPECT_EQ(all_losses(*left.sources[0]) + all_losses(*right.sources[0]), 0u);
  expect_balance(left.program->counters());
}

TEST_F(AfXdp, CountsWhatItCouldNotSend) {
  cable();
  const AfXdpPort out = open_port({.interface = "left", .tx_frames = 64});
  const AfXdpPort in = open_port({.interface = "right", .rx_frames = 1024});
  const Bytes frame = udp_frame(100);
  const std::vector<Packet> packets(200, packet_over(frame));
  const size_t sent = out.sources[0]->sender().send(packets);
  EXPECT_EQ(sent, 64u);
  std::array<LossCounter, 4> losses;
  ASSERT_EQ(out.sources[0]->sender().read_losses(losses), 2u);
  EXPECT_EQ(losses[0].name, "xdp_tx_no_room");
  EXPECT_EQ(losses[0].value, 200 - sent);
  EXPECT_EQ(receive(*in.sources[0], sent).size(), sent);
}

TEST_F(AfXdp, GoesOnWhenTheLinkIsBack) {
  cable();
  const AfXdpPort port = open_port();
  AfXdpSource& source = *port.sources.at(0);
  run({"ip", "link", "set", "right", "down"});
  EXPECT_TRUE(link_becomes(source, LinkState::Down));
  const auto burst = std::make_unique<Burst>();
  EXPECT_EQ(source.poll(*burst), Poll::Idle);
  run({"ip", "link", "set", "right", "up"});
  left_->send(udp_frame(7));
  EXPECT_EQ(receive(source, 1).size(), 1u);
  run({"ip", "link", "delete", "right"});
  EXPECT_TRUE(link_becomes(source, LinkState::Gone));
  source.wait(std::chrono::milliseconds(1));
  EXPECT_EQ(source.poll(*burst), Poll::Idle);
}

TEST_F(AfXdp, SaysWhatIsWrongWithItsOptions) {
  cable();
  const struct {
    const char* description;
    AfXdpOptions options;
    const char* expected;
  } cases[] = {
      {"no such interface", {.interface = "nowhere"}, "there is no interface 'nowhere'"},
      {"more queues than there are", {.interface = "right", .queues = 3}, "'ethtool -L right combined N'"},
      {"an odd frame", {.interface = "right", .frame_size = 1500}, "frame_size must be 2048 or 4096"},
      {"frames that are no power of two", {.interface = "right", .rx_frames = 100}, "a power of two"},
  };
  for (const auto& one : cases) {
    const auto opened = AfXdpPort::open(one.options);
    ASSERT_FALSE(opened) << one.description;
    EXPECT_NE(opened.error().message.find(one.expected), std::string::npos) << opened.error().message;
  }
}

}  // namespace
}  // namespace wirewatch::testing
