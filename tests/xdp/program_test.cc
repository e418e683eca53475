// SPDX-License-Identifier: BSD-3-Clause
// What the XDP program does with one frame, by running it in the kernel without an interface (BPF_PROG_TEST_RUN). The
// block table says in plain C++ what it should do.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/socket.h>

#include <cstring>
#include <random>

#include "dataplane/packet/parse.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/source/kernel_clock.h"
#include "dataplane/xdp/xdp_program.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

constexpr unsigned kServedQueue = 0;

IpPrefix network(const char* text) { return *IpPrefix::parse(text); }
Endpoint end(const char* address, uint16_t port) { return {*IpAddress::parse(address), port}; }

struct Outcome {
  uint32_t verdict = 0;
  Bytes bytes;  // stamps and frame
};

class XdpProgramRun : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loaded = XdpProgram::load({.interface = "none"});
    if (!loaded) GTEST_SKIP() << loaded.error().message;
    program_ = std::move(*loaded);
    socket_ = FileDescriptor(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
    ASSERT_TRUE(socket_);
    ASSERT_TRUE(program_->serve(kServedQueue, socket_.get()));
  }

  Outcome run(const Bytes& frame) {
    Outcome outcome;
    outcome.bytes.resize(frame.size() + 256);
    xdp_md context{};
    context.data_end = static_cast<uint32_t>(frame.size());
    context.rx_queue_index = kServedQueue;
    context.ingress_ifindex = 1;  // loopback
    LIBBPF_OPTS(bpf_test_run_opts, how);
    how.data_in = frame.data();
    how.data_size_in = static_cast<uint32_t>(frame.size());
    how.data_out = outcome.bytes.data();
    how.data_size_out = static_cast<uint32_t>(outcome.bytes.size());
    how.ctx_in = &context;
    how.ctx_size_in = sizeof context;
    how.repeat = 1;
    EXPECT_EQ(bpf_prog_test_run_opts(program_->fd(), &how), 0) << strerror(errno);
    outcome.verdict = how.retval;
    outcome.bytes.resize(how.data_size_out);
    return outcome;
  }
  bool dropped(const Bytes& frame) { return run(frame).verdict == XDP_DROP; }
  uint64_t counted(xdp::count which) { return program_->counters()[which]; }

  std::unique_ptr<XdpProgram> program_;
  FileDescriptor socket_;
};

TEST_F(XdpProgramRun, PutsTheTimeInFrontOfTheFrame) {
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).syn().bytes();
  const Timestamp before = utc_now();
  const Outcome outcome = run(frame);
  const Timestamp after = utc_now();
  EXPECT_EQ(outcome.verdict, static_cast<uint32_t>(XDP_REDIRECT));
  ASSERT_EQ(outcome.bytes.size(), frame.size() + sizeof(xdp::stamps));
  EXPECT_TRUE(std::equal(frame.begin(), frame.end(), outcome.bytes.begin() + sizeof(xdp::stamps)));
  xdp::stamps stamps;
  std::memcpy(&stamps, outcome.bytes.data(), sizeof stamps);
  EXPECT_EQ(stamps.mark, xdp::STAMP_MARK);
  EXPECT_EQ(stamps.hardware_ns, 0u);
  EXPECT_EQ(stamps.has_vlan, 0);
  EXPECT_GE(TaiOffset().to_utc(stamps.tai_ns), before);
  EXPECT_LE(TaiOffset().to_utc(stamps.tai_ns), after);
}

TEST_F(XdpProgramRun, PassesFramesOfAQueueThatNobodyServes) {
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).syn().bytes();
  auto unserved = XdpProgram::load({.interface = "none"});  // running over loopback, which has only queue 0
  ASSERT_TRUE(unserved);
  std::swap(program_, *unserved);
  const Outcome outcome = run(frame);
  EXPECT_EQ(outcome.verdict, static_cast<uint32_t>(XDP_PASS));
  EXPECT_EQ(outcome.bytes, frame) << "the host sees it as it came";
  EXPECT_EQ(counted(xdp::COUNT_PASSED_TO_HOST), 1u);
  EXPECT_EQ(counted(xdp::COUNT_REDIRECTED), 0u);
}

TEST_F(XdpProgramRun, DropsByListAndCountsTheReason) {
  BlockTable table;
  ASSERT_TRUE(table.block(network("10.66.0.0/16")));
  ASSERT_TRUE(table.block(network("198.51.100.7/32")));
  ASSERT_TRUE(table.block(network("2001:db8:66::/48")));
  ASSERT_TRUE(table.block({end("10.0.0.1", 40'000), end("10.0.0.2", 443), 6}));
  ASSERT_TRUE(table.block({end("2001:db8::1", 5'000), end("2001:db8::2", 53), 17}));
  ASSERT_TRUE(table.block({end("10.0.0.1", 0), end("10.0.0.3", 0), 1}));
  ASSERT_TRUE(table.allow(network("10.66.7.0/24")));
  ASSERT_TRUE(table.allow(network("2001:db8:66:1::/64")));
  ASSERT_TRUE(program_->apply(table));

  constexpr xdp::count kPasses = xdp::COUNT_REDIRECTED;
  const struct {
    const char* description;
    Bytes frame;
    xdp::count expected;
  } cases[] = {
      {"neither end on a list", eth().ipv4("10.0.0.9", "10.0.0.2").tcp(1, 443).bytes(), kPasses},
      {"source in a prefix", eth().ipv4("10.66.3.4", "10.0.0.2").tcp(1, 2).bytes(), xdp::COUNT_BLOCKED_PREFIX4},
      {"destination in a prefix", eth().ipv4("10.0.0.2", "10.66.3.4").udp(1, 2).bytes(), xdp::COUNT_BLOCKED_PREFIX4},
      {"a host prefix", eth().ipv4("10.0.0.2", "198.51.100.7").icmp(8).bytes(), xdp::COUNT_BLOCKED_PREFIX4},
      {"next to a host prefix", eth().ipv4("10.0.0.2", "198.51.100.6").icmp(8).bytes(), kPasses},
      {"allowed within a blocked prefix", eth().ipv4("10.66.7.1", "10.0.0.2").tcp(1, 2).bytes(), kPasses},
      {"blocked speaking to allowed", eth().ipv4("10.66.3.4", "10.66.7.1").tcp(1, 2).bytes(), kPasses},
      {"behind one VLAN tag", eth().vlan(5).ipv4("10.66.3.4", "10.0.0.2").udp(1, 2).bytes(), xdp::COUNT_BLOCKED_PREFIX4},
      {"behind two", eth().ieee8021ad(5).vlan(6).ipv4("10.66.3.4", "10.0.0.2").udp(1, 2).bytes(), xdp::COUNT_BLOCKED_PREFIX4},
      {"IPv6 prefix", eth().ipv6("2001:db8::1", "2001:db8:66::1").udp(1, 2).bytes(), xdp::COUNT_BLOCKED_PREFIX6},
      {"IPv6 allowed", eth().ipv6("2001:db8::1", "2001:db8:66:1::9").udp(1, 2).bytes(), kPasses},
      {"IPv6 behind a VLAN tag", eth().vlan(9).ipv6("2001:db8:66::1", "2001:db8::1").udp(1, 2).bytes(), xdp::COUNT_BLOCKED_PREFIX6},
      {"a flow", eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40'000, 443).bytes(), xdp::COUNT_BLOCKED_FLOW},
      {"its other direction", eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, 40'000).bytes(), xdp::COUNT_BLOCKED_FLOW},
      {"the same ports of another protocol", eth().ipv4("10.0.0.1", "10.0.0.2").udp(40'000, 443).bytes(), kPasses},
      {"ports swapped", eth().ipv4("10.0.0.1", "10.0.0.2").tcp(443, 40'000).bytes(), kPasses},
      {"a flow behind IP options", eth().ipv4("10.0.0.1", "10.0.0.2").ipv4_options(8).tcp(40'000, 443).bytes(), xdp::COUNT_BLOCKED_FLOW},
      {"a first fragment of a flow", eth().ipv4("10.0.0.1", "10.0.0.2").fragment(0, true).tcp(40'000, 443).bytes(), xdp::COUNT_BLOCKED_FLOW},
      {"a later fragment has no ports", eth().ipv4("10.0.0.1", "10.0.0.2").fragment(100, false).tcp(40'000, 443).bytes(), kPasses},
      {"a protocol without ports", eth().ipv4("10.0.0.3", "10.0.0.1").icmp(0).bytes(), xdp::COUNT_BLOCKED_FLOW},
      {"an IPv6 flow", eth().ipv6("2001:db8::2", "2001:db8::1").udp(53, 5'000).bytes(), xdp::COUNT_BLOCKED_FLOW},
      {"an IPv6 flow behind extension headers",
       eth().ipv6("2001:db8::1", "2001:db8::2").hop_by_hop().destination_options().routing_header().udp(5'000, 53).bytes(),
       xdp::COUNT_BLOCKED_FLOW},
      {"an IPv6 first fragment", eth().ipv6("2001:db8::1", "2001:db8::2").fragment_header(0, true).udp(5'000, 53).bytes(),
       xdp::COUNT_BLOCKED_FLOW},
      {"an IPv6 later fragment", eth().ipv6("2001:db8::1", "2001:db8::2").fragment_header(9, true).udp(5'000, 53).bytes(), kPasses},
      {"not IP", eth().arp().bytes(), kPasses},
      {"inside a tunnel: only the outermost header counts",
       eth().ipv4("10.0.0.8", "10.0.0.9").gre().ipv4("10.66.3.4", "10.0.0.2").udp(1, 2).bytes(), kPasses},
  };
  for (const auto& one : cases) {
    const XdpCounters before = program_->counters();
    const Outcome outcome = run(one.frame);
    EXPECT_EQ(outcome.verdict, static_cast<uint32_t>(one.expected == kPasses ? XDP_REDIRECT : XDP_DROP)) << one.description;
    EXPECT_EQ(counted(one.expected), before[one.expected] + 1) << one.description;
    EXPECT_EQ(counted(xdp::COUNT_SEEN), before[xdp::COUNT_SEEN] + 1) << one.description;
  }
  EXPECT_EQ(counted(xdp::COUNT_SPARED), 3u);
}

TEST_F(XdpProgramRun, IsNotMisledByFramesThatBreakOff) {
  BlockTable table;
  ASSERT_TRUE(table.block(network("10.66.0.0/16")));
  ASSERT_TRUE(table.block({end("10.0.0.1", 40'000), end("10.0.0.2", 443), 6}));
  ASSERT_TRUE(table.block({end("2001:db8::1", 5'000), end("2001:db8::2", 53), 17}));
  ASSERT_TRUE(program_->apply(table));
  for (const Bytes& whole : {eth().vlan(5).ipv4("10.66.3.4", "10.0.0.2").tcp(1, 2).bytes(),
                             eth().ipv4("10.0.0.1", "10.0.0.2").ipv4_options(40).tcp(40'000, 443).bytes(),
                             eth().ipv6("2001:db8::1", "2001:db8::2").hop_by_hop().ah().udp(5'000, 53).bytes()}) {
    bool enough = false;  // what is left still says who it is between
    for (size_t length = 14; length <= whole.size(); ++length) {
      const bool drop = dropped(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)));
      EXPECT_TRUE(drop || !enough) << "passes at " << length << " bytes, but not at fewer";
      EXPECT_FALSE(drop && length == 14);
      enough = drop;
    }
    EXPECT_TRUE(enough);
  }
  // Lengths that lie are no reason to drop, or to read elsewhere.
  EXPECT_FALSE(dropped(eth().ipv4("10.66.3.4", "10.0.0.2").claim_u8(0, 0x65).udp(1, 2).bytes())) << "version 6 in IPv4";
  EXPECT_FALSE(dropped(eth().ipv4("10.66.3.4", "10.0.0.2").claim_u8(0, 0x44).udp(1, 2).bytes())) << "a header of 16 bytes";
  EXPECT_TRUE(dropped(eth().ipv4("10.66.3.4", "10.0.0.2").claim_u8(0, 0x4f).udp(1, 2).bytes())) << "longer than the frame";
}

TEST_F(XdpProgramRun, LetsGoWhenTheTimeIsOver) {
  const Bytes frame = eth().ipv4("10.66.3.4", "10.0.0.2").udp(1, 2).bytes();
  const Bytes of_flow = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).bytes();
  BlockTable table;
  constexpr int64_t kHour = 3'600'000'000'000;
  const Timestamp past{utc_now().ns - 1}, future{utc_now().ns + kHour};
  ASSERT_TRUE(table.block(network("10.66.0.0/16"), future));
  ASSERT_TRUE(table.block({end("10.0.0.1", 1), end("10.0.0.2", 2), 6}, future));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_TRUE(dropped(frame));
  EXPECT_TRUE(dropped(of_flow));
  ASSERT_TRUE(table.block(network("10.66.0.0/16"), past));
  ASSERT_TRUE(table.block({end("10.0.0.1", 1), end("10.0.0.2", 2), 6}, past));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_FALSE(dropped(frame));
  EXPECT_FALSE(dropped(of_flow));
  // An entry that is over does not shade the wider one that is not.
  ASSERT_TRUE(table.block(network("10.0.0.0/8"), future));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_TRUE(dropped(frame));
}

TEST_F(XdpProgramRun, FollowsTheTableBackAndForth) {
  const Bytes frame = eth().ipv4("10.66.3.4", "10.0.0.2").udp(1, 2).bytes();
  BlockTable table;
  ASSERT_TRUE(table.block(network("10.66.0.0/16")));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_TRUE(dropped(frame));
  ASSERT_TRUE(table.allow(network("10.66.3.4/32")));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_FALSE(dropped(frame));
  EXPECT_TRUE(table.disallow(network("10.66.3.4/32")));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_TRUE(dropped(frame));
  EXPECT_TRUE(table.unblock(network("10.66.0.0/16")));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_FALSE(dropped(frame));
  ASSERT_TRUE(table.block({end("10.0.0.2", 2), end("10.66.3.4", 1), 17}));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_TRUE(dropped(frame));
  EXPECT_TRUE(table.unblock(BlockedFlow{end("10.66.3.4", 1), end("10.0.0.2", 2), 17}));
  ASSERT_TRUE(program_->apply(table));
  EXPECT_FALSE(dropped(frame));
}

TEST_F(XdpProgramRun, JudgesAsTheTableDoes) {
  std::mt19937 random(20'26);
  const auto number = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  const auto host = [&] { return "10." + std::to_string(number(4)) + "." + std::to_string(number(4)) + "." + std::to_string(number(8)); };
  BlockTable table;
  for (int i = 0; i < 40; ++i) {
    const Timestamp until = number(3) == 0 ? Timestamp{1} : BlockTable::kForever;
    ASSERT_TRUE(table.block(network((host() + "/" + std::to_string(14 + number(19))).c_str()), until));
    ASSERT_TRUE(table.block({end(host().c_str(), 7), end(host().c_str(), static_cast<uint16_t>(number(4))), 17}, until));
  }
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(table.allow(network((host() + "/" + std::to_string(24 + number(9))).c_str())));
  ASSERT_TRUE(program_->apply(table));
  unsigned drops = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string source = host(), destination = host();
    const auto port = static_cast<uint16_t>(number(4));
    const bool expected = table.blocks({end(source.c_str(), 7), end(destination.c_str(), port), 17}, utc_now());
    ASSERT_EQ(dropped(eth().ipv4(source, destination).udp(7, port).bytes()), expected) << source << " " << destination << " " << port;
    drops += expected;
  }
  EXPECT_GT(drops, 300u);
  EXPECT_LT(drops, 2'700u);
}

}  // namespace
}  // namespace wirewatch::testing
