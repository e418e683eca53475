// SPDX-License-Identifier: BSD-3-Clause
// Packet sockets against a cable whose frames and counters are known.
#include "dataplane/source/afpacket.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <numeric>
#include <set>

#include "dataplane/packet/parse.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/received.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

std::unique_ptr<AfPacketSource> open_one(AfPacketOptions options) {
  auto opened = AfPacketSource::open(options);
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(opened->front());
}

class AfPacket : public CabledTest {};

TEST_F(AfPacket, SeesEveryFrameThatTheInterfaceCounts) {
  cable();
  const auto source = open_one({.interface = "right"});
  std::vector<Bytes> frames;
  for (size_t i = 0; i < 20'000; ++i) frames.push_back(udp_frame(i * 37 % 1400, static_cast<uint16_t>(i)));
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(*source, frames.size());

  ASSERT_EQ(received.size(), frames.size());
  uint64_t bytes = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(received[i].bytes, frames[i]) << "frame " << i;
    ASSERT_EQ(received[i].original_length, frames[i].size());
    ASSERT_EQ(received[i].number, i + 1);
    ASSERT_EQ(received[i].link_type, 1);
    bytes += received[i].original_length;
  }
  const auto counters = interface_counters(source->interface().index);
  ASSERT_TRUE(counters) << counters.error().message;
  EXPECT_EQ(counters->rx_packets, received.size());
  EXPECT_EQ(counters->rx_bytes, bytes);
  EXPECT_EQ(all_losses(*source), 0u);
}

TEST_F(AfPacket, PutsVlanTagsBackWhereTheyWere) {
  cable();
  const auto source = open_one({.interface = "right"});
  const std::vector<Bytes> frames{
      eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("one tag").bytes(),
      eth().vlan(5).vlan(4094).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("two tags").bytes(),
      eth().ieee8021ad(7).vlan(8).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("a service tag").bytes(),
      eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("no tag").bytes()};
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(*source, frames.size());
  ASSERT_EQ(received.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(received[i].bytes, frames[i]) << "frame " << i;
    EXPECT_EQ(received[i].original_length, frames[i].size());
  }
  EXPECT_EQ(remark(*source, "vlan_tags_put_back"), 3u);
}

TEST_F(AfPacket, StampsInOrderAndByTheClockThatItNames) {
  cable();
  const auto source = open_one({.interface = "right"});
  constexpr size_t kFrames = 200;
  const Timestamp before = source->now();
  for (size_t i = 0; i < kFrames; ++i) left_->send(udp_frame(10));
  const Timestamp after = source->now();
  const auto received = receive(*source, kFrames);
  ASSERT_EQ(received.size(), kFrames);
  EXPECT_GE(received.front().time, before);
  EXPECT_LE(received.back().time, after);
  std::set<int64_t> last_digits;
  for (size_t i = 1; i < kFrames; ++i) {
    EXPECT_GE(received[i].time, received[i - 1].time);
    last_digits.insert(received[i].time.ns % 1000);
  }
  EXPECT_GT(last_digits.size(), 10u) << "nanoseconds, not microseconds";
  EXPECT_EQ(source->timestamps().source, TimestampSource::Kernel);
  EXPECT_EQ(source->timestamps().resolution_ns, 1);
}

TEST_F(AfPacket, CountsExactlyWhatTheRingHadNoRoomFor) {
  cable();
  const auto source = open_one({.interface = "right", .block_size = 4096, .blocks = 4});
  const std::vector<Bytes> frames(5'000, udp_frame(1000));
  ASSERT_EQ(left_->send(frames), frames.size());
  const auto received = receive(*source, frames.size());
  EXPECT_LT(received.size(), frames.size());
  EXPECT_GT(received.size(), 0u);
  EXPECT_EQ(received.size() + loss(*source, "packet_socket_ring_full"), frames.size());
  EXPECT_GT(remark(*source, "packet_socket_freezes"), 0u);

  // What was read once is not forgotten, and the ring works again.
  const uint64_t lost = all_losses(*source);
  left_->send(udp_frame(1));
  EXPECT_EQ(receive(*source, 1).size(), 1u);
  EXPECT_EQ(all_losses(*source), lost);
}

TEST_F(AfPacket, KeepsBothDirectionsOfAFlowInOneQueue) {
  cable();
  auto sources = AfPacketSource::open({.interface = "right", .queues = 4, .block_size = 65536, .blocks = 16});
  ASSERT_TRUE(sources) << sources.error().message;
  ASSERT_EQ(sources->size(), 4u);
  std::vector<Bytes> frames;
  constexpr uint16_t kFlows = 200;
  for (int round = 0; round < 3; ++round) {
    for (uint16_t flow = 0; flow < kFlows; ++flow) {
      const auto port = static_cast<uint16_t>(10'000 + flow);
      frames.push_back(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 80).ack().bytes());
      frames.push_back(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, port).ack().bytes());
      frames.push_back(eth().ipv6("2001:db8::1", "2001:db8::2").udp(port, 53).bytes());
      frames.push_back(eth().vlan(9).ipv6("2001:db8::2", "2001:db8::1").udp(53, port).bytes());
    }
  }
  ASSERT_EQ(left_->send(frames), frames.size());
  std::map<std::pair<uint16_t, uint16_t>, std::set<size_t>> queues_of_flow;
  std::set<size_t> queues_used;
  size_t total = 0;
  for (size_t queue = 0; queue < sources->size(); ++queue) {
    for (const ReceivedFrame& frame : receive(*(*sources)[queue], frames.size())) {
      Layers layers;
      parse(packet_over(frame.bytes), {}, layers);
      ASSERT_TRUE(layers.has_flow);
      queues_of_flow[{layers.key.low_port, layers.key.high_port}].insert(queue);
      queues_used.insert(queue);
      ++total;
    }
  }
  EXPECT_EQ(total, frames.size());
  EXPECT_EQ(queues_of_flow.size(), 2u * kFlows);
  EXPECT_EQ(queues_used.size(), 4u);
  for (const auto& [ports, queues] : queues_of_flow) EXPECT_EQ(queues.size(), 1u) << ports.first << " " << ports.second;
}

TEST_F(AfPacket, TakesJumboFramesWhole) {
  cable({.mtu = 9000});
  const auto source = open_one({.interface = "right"});
  const Bytes jumbo = udp_frame(9000 - 28);
  left_->send(jumbo);
  const auto received = receive(*source, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].bytes, jumbo);
  EXPECT_EQ(remark(*source, "frames_merged_by_gro_or_lro"), 0u);
  EXPECT_EQ(remark(*source, "frames_cut_by_ring"), 0u);
}

TEST_F(AfPacket, KeepsOnlyTheSnapshotLengthButCountsTheWholeFrame) {
  cable();
  const auto source = open_one({.interface = "right", .snap_length = 64});
  const Bytes frame = udp_frame(1000);
  left_->send(frame);
  left_->send(eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(1000).bytes());
  const auto received = receive(*source, 2);
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].bytes, Bytes(frame.begin(), frame.begin() + 64));
  EXPECT_EQ(received[0].original_length, frame.size());
  EXPECT_EQ(received[1].original_length, frame.size() + 4);
  EXPECT_EQ(remark(*source, "frames_cut_by_ring"), 0u);
}

TEST_F(AfPacket, CountsFramesThatABlockCannotHold) {
  cable({.mtu = 9000});
  const auto source = open_one({.interface = "right", .block_size = 4096, .blocks = 8});
  const Bytes jumbo = udp_frame(8000);
  left_->send(jumbo);
  const auto received = receive(*source, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_LT(received[0].bytes.size(), jumbo.size());
  EXPECT_EQ(received[0].original_length, jumbo.size());
  EXPECT_EQ(remark(*source, "frames_cut_by_ring"), 1u);
}

TEST_F(AfPacket, SeesSentFramesUnlessToldNotTo) {
  cable();
  const auto both = open_one({.interface = "right"});
  const auto received_only = open_one({.interface = "right", .ignore_outgoing = true});
  // Not through FrameSender, which goes past the taps.
  run({"ip", "addr", "add", "10.9.0.1/24", "dev", "right"});
  run({"ip", "neigh", "add", "10.9.0.2", "lladdr", "02:00:00:00:00:02", "dev", "right"});
  try_run({"ping", "-c", "1", "-W", "0.1", "10.9.0.2"});
  left_->send(udp_frame(5));
  EXPECT_GE(receive(*both, 2).size(), 2u);
  const auto received = receive(*received_only, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].bytes, udp_frame(5));
}

TEST_F(AfPacket, GoesOnWhenTheLinkIsBackAndSaysWhenItIsGone) {
  cable();
  const auto source = open_one({.interface = "right"});
  EXPECT_TRUE(link_becomes(*source, LinkState::Up));
  run({"ip", "link", "set", "right", "down"});
  EXPECT_TRUE(link_becomes(*source, LinkState::Down));
  const auto burst = std::make_unique<Burst>();
  EXPECT_EQ(source->poll(*burst), Poll::Idle);
  source->wait(std::chrono::milliseconds(1));
  run({"ip", "link", "set", "right", "up"});
  EXPECT_TRUE(link_becomes(*source, LinkState::Up));
  left_->send(udp_frame(7));
  EXPECT_EQ(receive(*source, 1).size(), 1u);

  run({"ip", "link", "delete", "right"});
  EXPECT_TRUE(link_becomes(*source, LinkState::Gone));
  source->wait(std::chrono::milliseconds(1));
  EXPECT_EQ(source->poll(*burst), Poll::Idle);
  make_veth_pair("right", "left");
  EXPECT_TRUE(link_becomes(*source, LinkState::Gone)) << "another interface of the same name";
}

TEST_F(AfPacket, SeesEveryFrameOfLoopbackOnce) {
  run({"ip", "link", "set", "lo", "up"});
  const auto source = open_one({.interface = "lo"});
  run({"ping", "-c", "1", "127.0.0.1"});
  const auto received = receive(*source, 3);
  ASSERT_EQ(received.size(), 2u) << "a request and its answer";
  for (const ReceivedFrame& frame : received) {
    Layers layers;
    parse(packet_over(frame.bytes, frame.link_type), {}, layers);
    EXPECT_EQ(layers.status, ParseStatus::Understood);
    EXPECT_EQ(layers.protocols[0], Protocol::Eth);
    EXPECT_EQ(layers.protocols[2], Protocol::Icmp);
  }
}

TEST_F(AfPacket, ReadsATunnelWithoutLinkHeaderAsRawIp) {
  const FileDescriptor tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun) GTEST_SKIP() << "no /dev/net/tun";
  ifreq request{};
  std::string("tun0").copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  ASSERT_EQ(ioctl(tun.get(), TUNSETIFF, &request), 0);
  run({"sysctl", "-q", "-w", "net.ipv6.conf.tun0.disable_ipv6=1"});
  run({"ip", "link", "set", "tun0", "up"});
  const auto source = open_one({.interface = "tun0"});
  const Bytes four = raw_ip().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hello").bytes();
  const Bytes six = raw_ip().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2).payload("hello").bytes();
  ASSERT_EQ(write(tun.get(), four.data(), four.size()), static_cast<ssize_t>(four.size()));
  ASSERT_EQ(write(tun.get(), six.data(), six.size()), static_cast<ssize_t>(six.size()));
  const auto received = receive(*source, 2);
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].link_type, 101);
  EXPECT_EQ(received[0].bytes, four);
  EXPECT_EQ(received[1].bytes, six);
}

TEST_F(AfPacket, SaysWhatIsWrongWithItsOptions) {
  cable();
  const struct {
    const char* description;
    AfPacketOptions options;
    const char* expected;
  } cases[] = {
      {"no such interface", {.interface = "nowhere"}, "there is no interface 'nowhere'"},
      {"a name too long", {.interface = "a-name-of-17-long"}, "1 to 15 characters"},
      {"no queue", {.interface = "right", .queues = 0}, "queues must be 1 to 256"},
      {"an odd block", {.interface = "right", .block_size = 5000}, "block_size must be a power of two"},
      {"one block", {.interface = "right", .blocks = 1}, "blocks must be at least 2"},
      {"more memory than the kernel counts", {.interface = "right", .block_size = 1u << 26, .blocks = 64}, "less than 4 GiB"},
      {"no patience", {.interface = "right", .block_timeout_ms = 0}, "block_timeout_ms"},
  };
  for (const auto& one : cases) {
    const auto opened = AfPacketSource::open(one.options);
    ASSERT_FALSE(opened) << one.description;
    EXPECT_NE(opened.error().message.find(one.expected), std::string::npos) << opened.error().message;
  }
}

/// Exit status of what `body` returns, run as somebody without privileges.
template <typename Body>
int as_nobody(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) _exit(99);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(AfPacket, NamesTheMissingCapability) {
  cable();
  EXPECT_EQ(as_nobody([] {
              const auto opened = AfPacketSource::open({.interface = "right"});
              return !opened && opened.error().message.find("CAP_NET_RAW") != std::string::npos ? 0 : 1;
            }),
            0);
}

TEST_F(AfPacket, NeedsNoPrivilegeInAUserNamespaceOfItsOwn) {
  const int status = as_nobody([] {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return 77;
    return AfPacketSource::open({.interface = "lo"}) ? 0 : 1;
  });
  if (status == 77) GTEST_SKIP() << "user namespaces are switched off here";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace wirewatch::testing
