// SPDX-License-Identifier: BSD-3-Clause
// Taps on a live worker: which packets they copy, what is said of their flows, and what is refused at the edge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/tap_run.h"

namespace wirewatch::testing {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kBegin = 1'700'000'000 * kSecond_ns;

/// A connection that says hello, a question over UDP, and an ARP request, a millisecond apart.
std::vector<SentFrame> conversation() {
  const auto from_client = [] { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999); };
  const auto from_server = [] { return eth().ipv4("10.0.0.2", "10.0.0.1").tcp(9999, 40000); };
  std::vector<SentFrame> frames;
  const auto add = [&](const FrameBuilder& frame) { frames.push_back(sent(frame, kBegin + static_cast<int64_t>(frames.size()) * kMillisecond)); };
  add(from_client().syn().seq(1));
  add(from_server().syn_ack().seq(5).ack_number(2));
  add(from_client().ack().seq(2).ack_number(6));
  add(from_client().ack().seq(2).ack_number(6).payload("hello there, how are you"));
  add(from_server().ack().seq(6).ack_number(26).payload("quite well"));
  add(eth().ipv4("10.0.0.1", "10.0.0.3").udp(5353, 53).payload("query"));
  add(eth().arp());
  return frames;
}

/// Which frames of the conversation were tapped, by their times.
std::vector<size_t> numbers(const std::vector<TappedFrame>& tapped) {
  std::vector<size_t> all;
  for (const TappedFrame& each : tapped) all.push_back(static_cast<size_t>((each.head.time_ns - kBegin) / kMillisecond));
  return all;
}

TEST(Taps, CopyTheFramesThatTheirFilterHoldsFor) {
  struct Row {
    std::string filter, bpf;
    std::vector<size_t> frames;
  };
  const std::vector<Row> rows{
      {"", "", {0, 1, 2, 3, 4, 5, 6}},
      {"tcp.port == 9999", "", {0, 1, 2, 3, 4}},
      {"tcp.flags.syn == 1 && tcp.flags.ack == 0", "", {0}},
      {"arp || udp", "", {5, 6}},
      {"tcp.payload contains \"well\"", "", {4}},
      {"frame.len > 70", "", {3}},
      {"flow.application == \"greeting\"", "", {3, 4}},   // known from the packet that says it
      {"flow.application == \"asking\"", "", {5}},
      {"flow.category == \"test\" && udp", "", {5}},
      {"flow.evidence == \"payload\"", "", {3, 4, 5}},
      {"!flow.application", "", {0, 1, 2, 6}},
      {"", "tcp port 9999", {0, 1, 2, 3, 4}},
      {"", "udp or arp", {5, 6}},
      {"", "tcp[tcpflags] & tcp-syn != 0", {0, 1}},
      {"", "greater 70", {3}},
      {"ip.src == 192.0.2.1", "", {}},
  };
  for (const Row& row : rows) {
    for (const size_t burst : {size_t{1}, size_t{3}, kBurstSize}) {
      SCOPED_TRACE(row.filter + row.bpf + " in bursts of " + std::to_string(burst));
      TapRun run;
      run.tap({{.slot = 2, .id = 5, .filter = row.filter, .bpf = row.bpf}});
      const auto frames = conversation();
      run.feed(frames, burst);
      const auto tapped = run.take_tapped();
      EXPECT_EQ(numbers(tapped), row.frames);
      for (const TappedFrame& each : tapped) {
        const SentFrame& frame = frames[numbers({each})[0]];
        EXPECT_EQ(each.bytes, frame.bytes);
        EXPECT_EQ(each.head.original_length, frame.bytes.size());
        EXPECT_EQ(each.head.taps, 4u);
      }
      EXPECT_EQ(run.counts(2).matched_packets, row.frames.size());
      EXPECT_EQ(run.counts(2).dropped_packets, 0u);
    }
  }
}

TEST(Taps, SayWhatIsKnownOfTheFlowWithEachPacket) {
  TapRun run;
  run.tap({{.slot = 0, .id = 1}});
  run.feed(conversation());
  const auto tapped = run.take_tapped();
  ASSERT_EQ(tapped.size(), 7u);
  const ApplicationId greeting = run.registry.find_application("greeting");
  ASSERT_NE(greeting, kUnknownApplication);
  std::vector<uint32_t> packets;
  for (const TappedFrame& each : tapped) packets.push_back(each.head.flow_packets);
  EXPECT_EQ(packets, (std::vector<uint32_t>{0, 2, 3, 4, 5, 1, 0})) << "a bare SYN is no flow yet";
  EXPECT_EQ(tapped[1].head.flow_bytes, tapped[0].bytes.size() + tapped[1].bytes.size());
  EXPECT_FALSE(tapped[0].head.has(TappedPacket::kHasHandshake));
  EXPECT_EQ(tapped[0].head.syn_ack_rtt_ns, kNoDuration);
  EXPECT_TRUE(tapped[1].head.has(TappedPacket::kHasHandshake));
  EXPECT_FALSE(tapped[1].head.has(TappedPacket::kAmbiguous));
  EXPECT_EQ(tapped[1].head.syn_ack_rtt_ns, kMillisecond);
  EXPECT_EQ(tapped[1].head.outcome(), std::nullopt);
  EXPECT_EQ(tapped[2].head.syn_ack_rtt_ns, kMillisecond);
  EXPECT_EQ(tapped[2].head.ack_rtt_ns, kMillisecond);
  EXPECT_EQ(tapped[2].head.initial_rtt_ns, 2 * kMillisecond);
  EXPECT_EQ(tapped[2].head.outcome(), HandshakeOutcome::Established);
  EXPECT_EQ(tapped[2].head.application, kUnknownApplication);
  EXPECT_EQ(tapped[3].head.application, greeting);
  EXPECT_EQ(tapped[3].head.evidence, static_cast<uint8_t>(Evidence::Payload));
  EXPECT_EQ(tapped[4].head.application, greeting);
  EXPECT_EQ(tapped[5].head.application, run.registry.find_application("asking"));
  EXPECT_EQ(tapped[6].head.application, kUnknownApplication);
}

TEST(Taps, TellAHandshakeThatIsAmbiguousOrRefused) {
  const auto client = [](uint16_t port) { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 80); };
  const auto server = [](uint16_t port) { return eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, port); };
  TapRun run;
  run.tap({{.slot = 0, .id = 1}});
  run.feed(std::vector{sent(client(1000).syn().seq(1), kBegin), sent(client(1000).syn().seq(1), kBegin + kSecond_ns),
                       sent(server(1000).syn_ack().seq(9).ack_number(2), kBegin + kSecond_ns + kMillisecond),
                       sent(client(2000).syn().seq(1), kBegin + 2 * kSecond_ns),
                       sent(server(2000).rst().seq(0).ack_number(2), kBegin + 2 * kSecond_ns + kMillisecond)});
  const auto tapped = run.take_tapped();
  ASSERT_EQ(tapped.size(), 5u);
  EXPECT_TRUE(tapped[2].head.has(TappedPacket::kAmbiguous));
  EXPECT_EQ(tapped[2].head.syn_retransmissions, 1);
  EXPECT_EQ(tapped[2].head.syn_ack_rtt_ns, kSecond_ns + kMillisecond) << "from the first copy, as in the handshake's record";
  EXPECT_EQ(tapped[4].head.outcome(), HandshakeOutcome::Refused);
  EXPECT_EQ(tapped[4].head.syn_ack_rtt_ns, kNoDuration);
}

TEST(Taps, CountAFlowThatWasFoldedFromItsBeginning) {
  TapRun run;
  run.tap({{.slot = 0, .id = 1}});
  const auto frame = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).payload("0123456789");
  for (int64_t i = 0; i < 5; ++i) {
    run.feed(sent(frame, kBegin + i * 3 * kSecond_ns));
    run.wait_until(Timestamp{kBegin + i * 3 * kSecond_ns + 2 * kSecond_ns});
  }
  const auto tapped = run.take_tapped();
  ASSERT_EQ(tapped.size(), 5u);
  EXPECT_EQ(tapped.back().head.flow_packets, 5u);
  EXPECT_EQ(tapped.back().head.flow_bytes, 5 * frame.bytes().size());
}

TEST(Taps, CopyAPacketOnceForAllThatWantItAsLongAsTheLongestNeeds) {
  TapRun run;
  run.tap({{.slot = 0, .id = 1, .filter = "tcp", .snap_length = 30},
           {.slot = 1, .id = 2, .filter = "tcp.payload", .snap_length = 60},
           {.slot = 9, .id = 3, .bpf = "arp", .snap_length = 1}});
  const auto frames = conversation();
  run.feed(frames);
  const auto tapped = run.take_tapped();
  ASSERT_EQ(numbers(tapped), (std::vector<size_t>{0, 1, 2, 3, 4, 6}));
  EXPECT_EQ(tapped[0].head.taps, 1u);
  EXPECT_EQ(tapped[0].bytes, Bytes(frames[0].bytes.begin(), frames[0].bytes.begin() + 30));
  EXPECT_EQ(tapped[0].head.original_length, frames[0].bytes.size());
  EXPECT_EQ(tapped[3].head.taps, 3u);
  EXPECT_EQ(tapped[3].bytes.size(), 60u);
  EXPECT_EQ(tapped[5].head.taps, 1u << 9);
  EXPECT_EQ(tapped[5].bytes.size(), 1u);
  EXPECT_EQ(run.counts(0).matched_packets, 5u);
  EXPECT_EQ(run.counts(1).matched_packets, 2u);
  EXPECT_EQ(run.counts(9).matched_packets, 1u);
}

TEST(Taps, SeeOnlyTheirPort) {
  TapRun run;
  run.tap({{.slot = 0, .id = 1, .port = "lan"}, {.slot = 1, .id = 2, .port = "wan"}, {.slot = 2, .id = 3}});
  run.feed(conversation());  // all of it on the first port
  EXPECT_EQ(run.counts(0).matched_packets, 0u);
  EXPECT_EQ(run.counts(1).matched_packets, 7u);
  EXPECT_EQ(run.counts(2).matched_packets, 7u);
  const std::vector<TapSpec> specs{{.slot = 0, .id = 1, .port = "lan"}, {.slot = 1, .id = 2, .port = "wan"}, {.slot = 2, .id = 3}};
  const std::array<uint16_t, 1> lan{1}, wan{0};
  const auto on_lan = TapSet::compile(specs, 1, run.names(), lan), on_wan = TapSet::compile(specs, 1, run.names(), wan);
  EXPECT_EQ(on_lan->ids()[0], 1u);
  EXPECT_EQ(on_lan->ids()[1], kNoTap) << "a worker is not bothered with what it cannot see";
  EXPECT_EQ(on_wan->ids()[0], kNoTap);
  EXPECT_EQ(on_wan->ids()[2], 3u);
}

TEST(Taps, SeeWhatIsNotLetThrough) {
  TapRun run;
  run.worker.drop_list().offer(std::make_unique<DropList>(DropRules{.networks = {{*IpPrefix::parse("10.0.0.3"), kNever}}}));
  run.tap({{.slot = 0, .id = 1}});
  EXPECT_NE(run.feed(conversation()), 0u);
  for (const TappedFrame& each : run.take_tapped()) {
    EXPECT_EQ(each.head.has(TappedPacket::kBlocked), numbers({each})[0] == 5);
  }
}

TEST(Taps, ComeAndGoBetweenBursts) {
  TapRun run;
  const auto frames = conversation();
  run.feed(frames);
  EXPECT_TRUE(run.take_tapped().empty());
  run.tap({{.slot = 0, .id = 1}}, 11);
  EXPECT_EQ(run.tapped.adopted_set(0), 11u);
  run.feed(frames);
  run.tap({{.slot = 0, .id = 1}, {.slot = 1, .id = 2, .filter = "udp"}}, 12);
  run.feed(frames);
  run.tap({}, 13);
  EXPECT_EQ(run.tapped.adopted_set(0), 13u);
  run.feed(frames);
  const auto tapped = run.take_tapped();
  ASSERT_EQ(tapped.size(), 14u);
  EXPECT_EQ(tapped[6].head.set, 11u);
  EXPECT_EQ(tapped[7].head.set, 12u);
  EXPECT_EQ(run.counts(0), (TapCounts{1, 14, run.counts(0).matched_bytes, 0}));
  EXPECT_EQ(run.counts(1).matched_packets, 1u);
}

TEST(Taps, DropAndCountWhenNobodyTakesThePackets) {
  TapRun run(4096);
  run.tap({{.slot = 0, .id = 1}, {.slot = 1, .id = 2, .filter = "udp"}});
  const auto frames = conversation();
  for (unsigned i = 0; i < 50; ++i) run.feed(frames);
  const auto tapped = run.take_tapped();
  uint64_t udp = 0;
  for (const TappedFrame& each : tapped) udp += each.head.taps >> 1;
  EXPECT_GT(run.counts(0).dropped_packets, 0u);
  EXPECT_EQ(run.counts(0).matched_packets, 350u);
  EXPECT_EQ(run.counts(0).matched_packets, tapped.size() + run.counts(0).dropped_packets);
  EXPECT_EQ(run.counts(1).matched_packets, udp + run.counts(1).dropped_packets);
  run.feed(frames);
  EXPECT_EQ(run.take_tapped().size(), frames.size()) << "and goes on when there is room";
}

TEST(Taps, ReadBpfOnEveryLinkTypeThatIsDissected) {
  TapRun run;
  run.tap({{.slot = 0, .id = 1, .bpf = "udp port 53"}, {.slot = 1, .id = 2, .bpf = "ether host 02:00:00:00:00:01"}});
  const std::vector<SentFrame> frames{sent(raw_ip().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53), kBegin),
                                      sent(FrameBuilder(113).sll().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 53), kBegin + 1),
                                      sent(FrameBuilder(276).sll2().ipv6("2001:db8::1", "2001:db8::2").udp(1000, 53), kBegin + 2),
                                      sent(FrameBuilder(276).sll2().ipv6("2001:db8::1", "2001:db8::2").udp(1000, 54), kBegin + 3)};
  run.feed(frames);
  EXPECT_EQ(run.counts(0).matched_packets, 3u);
  EXPECT_EQ(run.take_tapped().at(1).head.link_type, 113);
}

TEST(Taps, RefuseWhatCannotBeAnsweredOnThePath) {
  struct Row {
    TapSpec spec;
    std::string_view says;
  };
  const std::vector<Row> rows{
      {{.slot = 16, .id = 1}, "slot 16 is not in 0 to 15"},
      {{.slot = 3, .id = kNoTap}, "needs an id"},
      {{.slot = 3, .id = 1, .snap_length = 0}, "snap length 0 is not in 1 to 262144"},
      {{.slot = 3, .id = 1, .snap_length = 300'000}, "snap length 300000"},
      {{.slot = 3, .id = 1, .port = "wam"}, "no port is called 'wam'; did you mean 'wan'?"},
      {{.slot = 3, .id = 1, .filter = "tcp", .bpf = "tcp"}, "not both"},
      {{.slot = 3, .id = 1, .filter = "tcp.prot == 1"}, "tcp.port"},
      {{.slot = 3, .id = 1, .bpf = "tcp prot 1"}, "syntax error"},
      {{.slot = 3, .id = 1, .filter = "tcp.stream == 1"}, "the packets of a stream"},
      {{.slot = 3, .id = 1, .filter = "frame.time_delta > 1"}, "the time since other packets"},
      {{.slot = 3, .id = 1, .filter = "flow.packets > 10"}, "the whole of a flow"},
      {{.slot = 3, .id = 1, .filter = "handshake.syn_ack_rtt > 1"}, "the whole of a flow"},
      {{.slot = 3, .id = 1, .filter = "greeting"}, "the whole of a flow"},
  };
  TapRun run;
  for (const Row& row : rows) {
    const auto set = TapSet::compile(std::span(&row.spec, 1), 1, run.names());
    ASSERT_FALSE(set) << row.says;
    EXPECT_THAT(set.error().message, HasSubstr(std::string(row.says)));
    EXPECT_EQ(set.error().slot, row.spec.slot);
  }
  const std::vector<TapSpec> twice{{.slot = 3, .id = 1}, {.slot = 3, .id = 2}};
  EXPECT_THAT(TapSet::compile(twice, 1, run.names()).error().message, HasSubstr("slot 3 is used twice"));
}

}  // namespace
}  // namespace wirewatch::testing
