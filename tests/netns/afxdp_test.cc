// SPDX-License-Identifier: BSD-3-Clause
// AF_XDP sockets behind our program, against a cable whose frames and counters are known.
#include "dataplane/source/afxdp.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>
#include <stdexcept>

#include "dataplane/packet/parse.h"
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

Bytes udp_frame(size_t payload, uint16_t port = 1000) {
  return eth().ipv4("10.0.0.1", "10.0.0.2").udp(port, 2000).zeros(payload).bytes();
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

TEST_F(AfXdp, GivesTheInterfaceBackWhenItsProcessIsKilled) {
  cable();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const AfXdpPort port = open_port();
    const char done = 1;
    if (write(ready[1], &done, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char done = 0;
  ASSERT_EQ(read(ready[0], &done, 1), 1);
  // While it lives, the interface is its own.
  const auto refused = AfXdpPort::open({.interface = "right"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("another process"), std::string::npos) << refused.error().message;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_TRUE(opened) << opened.error().message;
  left_->send(udp_frame(7));
  EXPECT_EQ(receive(*opened->sources[0], 1).size(), 1u);
}

TEST_F(AfXdp, TakesOffAProgramOfOursThatOutlivedItsProcess) {
  cable();
  const int index = find_interface("right")->index;
  {
    const auto left_behind = XdpProgram::load({.interface = "right", .interface_index = index});
    ASSERT_TRUE(left_behind) << left_behind.error().message;
    // Without a link, as before Linux 5.9: it stays when its process ends.
    ASSERT_EQ(bpf_xdp_attach(index, (*left_behind)->fd(), XDP_FLAGS_DRV_MODE, nullptr), 0);
  }
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_TRUE(opened) << opened.error().message;
  left_->send(udp_frame(7));
  EXPECT_EQ(receive(*opened->sources[0], 1).size(), 1u);
}

TEST_F(AfXdp, LeavesAProgramThatIsNotOursAlone) {
  cable();
  const int index = find_interface("right")->index;
  const bpf_insn pass_everything[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
  const FileDescriptor other(bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "MIT", pass_everything, 2, nullptr));
  ASSERT_TRUE(other);
  ASSERT_EQ(bpf_xdp_attach(index, other.get(), XDP_FLAGS_DRV_MODE, nullptr), 0);
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("'somebody'"), std::string::npos) << opened.error().message;
  uint32_t still_there = 0;
  ASSERT_EQ(bpf_xdp_query_id(index, XDP_FLAGS_DRV_MODE, &still_there), 0);
  EXPECT_NE(still_there, 0u);
}

struct Opened {
  bool well = false;
  std::string fault;
};

/// Opens the port in a child that is nobody and has these capabilities and no others.
Opened open_with(const std::vector<int>& capabilities) {
  int answer[2];
  if (pipe(answer) != 0) throw std::runtime_error("pipe");
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    const rlimit little{.rlim_cur = 64 << 10, .rlim_max = 64 << 10};  // as unprivileged users have on many systems
    setrlimit(RLIMIT_MEMLOCK, &little);
    prctl(PR_SET_KEEPCAPS, 1);
    if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) _exit(99);
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct data[2]{};
    for (const int one : capabilities) {
      data[one / 32].permitted |= 1u << (one % 32);
      data[one / 32].effective |= 1u << (one % 32);
    }
    if (syscall(SYS_capset, &header, data) != 0) _exit(98);
    const auto opened = AfXdpPort::open({.interface = "right"});
    const std::string text = opened ? "" : opened.error().message;
    if (write(answer[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(97);
    _exit(opened ? 0 : 1);
  }
  close(answer[1]);
  Opened result;
  char piece[512];
  for (ssize_t got; (got = read(answer[0], piece, sizeof piece)) > 0;) result.fault.append(piece, static_cast<size_t>(got));
  close(answer[0]);
  int status = 0;
  waitpid(child, &status, 0);
  result.well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return result;
}

TEST_F(AfXdp, NeedsFiveCapabilitiesAndNotRoot) {
  cable();
  const std::vector<int> needed{CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, CAP_IPC_LOCK};
  const Opened all = open_with(needed);
  EXPECT_TRUE(all.well) << all.fault;
  const char* const names[] = {"CAP_NET_RAW", "CAP_NET_ADMIN", "CAP_BPF", "CAP_PERFMON", "CAP_IPC_LOCK"};
  for (size_t missing = 0; missing < needed.size(); ++missing) {
    std::vector<int> some = needed;
    some.erase(some.begin() + static_cast<ptrdiff_t>(missing));
    const Opened without = open_with(some);
    EXPECT_FALSE(without.well) << "without " << names[missing];
    EXPECT_NE(without.fault.find(names[missing]), std::string::npos) << names[missing] << ": " << without.fault;
  }
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
