// SPDX-License-Identifier: BSD-3-Clause
// What the parser finds in whole frames, and that no cut of one makes it claim what is not there.
#include "dataplane/packet/parse.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <tuple>

#include "dataplane/packet/parser.h"
#include "dataplane/packet/steering.h"
#include "tests/packet/parse_cases.h"

namespace wirewatch::testing {
namespace {

/// Everything that a frame's description says, whatever was in `layers` before.
auto said_of(const Layers& layers) {
  const auto offsets = std::vector(layers.offsets.begin(), layers.offsets.begin() + layers.depth);
  const bool flow = layers.has_flow, tcp = flow && layers.key.ip_protocol == 6;
  return std::tuple(path_of(layers), layers.protocols, offsets, layers.depth, name(layers.status), layers.outer_family,
                    layers.outer_ip_protocol, layers.outer_offset, layers.outer_source_port, layers.outer_destination_port,
                    layers.inner_family, layers.inner_offset, flow, layers.tunneled, layers.tcp_flags, layers.payload_layer,
                    layers.payload_offset, layers.payload_captured, layers.payload_length, flow && layers.source_is_low,
                    flow ? layers.key : FlowKey{}, flow ? layers.flow_hash : 0, tcp ? layers.tcp_sequence : 0,
                    tcp ? layers.tcp_acknowledgment : 0);
}

/// Plain frames are described in one go, others header by header: what is said of a frame may not depend on the way.
Layers parsed(const Packet& packet, const ParseOptions& options = {}) {
  Layers layers, by_header;
  parse(packet, options, layers);
  parse_header_by_header(packet, options, by_header);
  EXPECT_TRUE(said_of(layers) == said_of(by_header)) << path_of(layers) << " by the short way, " << path_of(by_header);
  EXPECT_TRUE(!layers.has_flow || plain_flow_hash(packet).value_or(layers.flow_hash) == layers.flow_hash) << path_of(layers);
  return layers;
}

Layers parsed(const FrameBuilder& frame, const ParseOptions& options = {}) {
  const Bytes bytes = frame.bytes();
  return parsed(packet_over(bytes, frame.link_type()), options);
}

uint16_t source_port(const Layers& layers) { return layers.source_is_low ? layers.key.low_port : layers.key.high_port; }
uint16_t destination_port(const Layers& layers) {
  return layers.source_is_low ? layers.key.high_port : layers.key.low_port;
}

void expect_as_described(const ParseCase& wanted) {
  SCOPED_TRACE(wanted.description);
  const Layers layers = parsed(wanted.frame);
  EXPECT_EQ(path_of(layers), wanted.path);
  EXPECT_EQ(name(layers.status), name(wanted.status));
  ASSERT_EQ(layers.has_flow, wanted.has_flow);
  if (!wanted.has_flow) return;
  EXPECT_EQ(source_port(layers), wanted.source_port);
  EXPECT_EQ(destination_port(layers), wanted.destination_port);
}

TEST(Parse, FindsEveryHeaderOfAWholeFrame) {
  for (const ParseCase& wanted : good_frames()) expect_as_described(wanted);
}

TEST(Parse, NamesWhatIsWrongWithAFrame) {
  for (const ParseCase& wanted : bad_frames()) expect_as_described(wanted);
}

/// Checks a frame of which only the first bytes are there. `bytes` is exactly as long as what was captured, so that a
/// sanitizer sees a read behind it.
void expect_no_wrong_claim(const ParseCase& whole, const Layers& complete, size_t captured, uint32_t original) {
  const Bytes all = whole.frame.bytes();
  const auto exact = std::make_unique<uint8_t[]>(captured);
  std::copy_n(all.begin(), captured, exact.get());
  Packet packet = packet_over(all, whole.frame.link_type());
  packet.data = exact.get();
  packet.captured_length = static_cast<uint32_t>(captured);
  packet.original_length = original;
  const Layers layers = parsed(packet);
  ASSERT_LE(layers.depth, kMaxLayers);
  if (layers.has_flow) {
    ASSERT_LE(size_t{layers.payload_offset} + layers.payload_captured, captured);
    ASSERT_LE(layers.inner_offset, captured);
  }
  for (size_t i = 0; i < layers.depth; ++i) ASSERT_LE(layers.offsets[i], captured);
  const bool cut = captured < original;
  const std::string_view status = name(layers.status);
  EXPECT_FALSE(cut && status.ends_with("_short")) << status << " although the capture cut it";
  EXPECT_FALSE(!cut && layers.status == ParseStatus::CutBySnapLength) << "nothing was cut";
  if (layers.status != ParseStatus::Understood || !layers.has_flow || !complete.has_flow) return;
  // What is called understood has the ports of the whole frame, or those of the tunnel that it was cut behind.
  const std::string path = path_of(layers), whole_path = path_of(complete);
  const bool ends_in_data = path.ends_with("/data");
  EXPECT_TRUE(whole_path.starts_with(ends_in_data ? path.substr(0, path.size() - 5) : path)) << path;
  if (path == whole_path) {
    EXPECT_EQ(layers.key, complete.key);
  }
}

TEST(Parse, ClaimsNothingThatTheSnapshotLengthCutOff) {
  for (const auto& cases : {good_frames(), bad_frames()}) {
    for (const ParseCase& whole : cases) {
      SCOPED_TRACE(whole.description);
      const size_t length = whole.frame.bytes().size();
      const Layers complete = parsed(whole.frame);
      for (size_t captured = 0; captured < length; ++captured) {
        SCOPED_TRACE(captured);
        expect_no_wrong_claim(whole, complete, captured, static_cast<uint32_t>(length));
      }
    }
  }
}

TEST(Parse, ClaimsNothingBehindTheEndOfAShortFrame) {
  for (const auto& cases : {good_frames(), bad_frames()}) {
    for (const ParseCase& whole : cases) {
      SCOPED_TRACE(whole.description);
      const size_t length = whole.frame.bytes().size();
      const Layers complete = parsed(whole.frame);
      for (size_t captured = 0; captured < length; ++captured) {
        SCOPED_TRACE(captured);
        expect_no_wrong_claim(whole, complete, captured, static_cast<uint32_t>(captured));
      }
    }
  }
}

TEST(Parse, CutsInsideAHeaderAreTheSnapshotLengthsFault) {
  const Bytes whole = eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).tcp_options(8).payload("abc").bytes();
  struct Row {
    std::string_view description;
    uint32_t captured;
    ParseStatus cut, ended;
    std::string_view path;
  };
  const std::vector<Row> rows{
      {"inside Ethernet", 13, ParseStatus::CutBySnapLength, ParseStatus::LinkShort, "eth"},
      {"inside the tag", 17, ParseStatus::CutBySnapLength, ParseStatus::VlanShort, "eth/vlan"},
      {"inside IPv4", 37, ParseStatus::CutBySnapLength, ParseStatus::Ipv4Short, "eth/vlan/ip"},
      {"before TCP", 38, ParseStatus::CutBySnapLength, ParseStatus::TcpShort, "eth/vlan/ip/tcp"},
      {"inside TCP's options", 60, ParseStatus::CutBySnapLength, ParseStatus::TcpBadOffset, "eth/vlan/ip/tcp"},
      {"inside the payload", 67, ParseStatus::Understood, ParseStatus::Understood, "eth/vlan/ip/tcp"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    Packet packet = packet_over(whole);
    packet.captured_length = row.captured;
    EXPECT_EQ(name(parsed(packet).status), name(row.cut));
    EXPECT_EQ(path_of(parsed(packet)), row.path);
    packet.original_length = row.captured;
    EXPECT_EQ(name(parsed(packet).status), name(row.ended));
    EXPECT_EQ(path_of(parsed(packet)), row.path);
  }
}

TEST(Parse, KnowsPayloadAsItWasOnTheWire) {
  const Bytes whole = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).payload("hello, world").bytes();
  Packet packet = packet_over(whole);
  packet.captured_length -= 7;
  const Layers layers = parsed(packet);
  EXPECT_EQ(layers.payload_length, 12u);
  EXPECT_EQ(layers.payload_captured, 5u);
  const auto seen = layers.payload(packet);
  EXPECT_EQ(std::string(seen.begin(), seen.end()), "hello");
}

TEST(Parse, LeavesEthernetPaddingOutOfThePayload) {
  const Layers bare = parsed(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).ack());
  Bytes padded = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).ack().bytes();
  padded.resize(60);
  EXPECT_EQ(bare.payload_length, 0u);
  EXPECT_EQ(parsed(packet_over(padded)).payload_length, 0u);
  EXPECT_EQ(path_of(parsed(packet_over(padded))), "eth/ip/tcp");
}

TEST(Parse, ReadsTheDataOfTheFirstDataChunk) {
  const Bytes bytes =
      eth().ipv4("10.0.0.1", "10.0.0.2").sctp(1234, 38412).sctp_sack().sctp_data().payload("subscriber").bytes();
  const Packet packet = packet_over(bytes);
  const Layers layers = parsed(packet);
  const auto seen = layers.payload(packet);
  EXPECT_EQ(std::string(seen.begin(), seen.end()), "subscriber");
}

TEST(Parse, GivesBothDirectionsOneKey) {
  const Layers there = parsed(eth().ipv6("2001:db8::9", "2001:db8::1").udp(53, 4000));
  const Layers back = parsed(eth().ipv6("2001:db8::1", "2001:db8::9").udp(4000, 53));
  EXPECT_EQ(there.key, back.key);
  EXPECT_EQ(there.flow_hash, back.flow_hash);
  EXPECT_NE(there.source_is_low, back.source_is_low);
  // To itself, only the ports tell the directions apart.
  const Layers loop = parsed(eth().ipv4("127.0.0.1", "127.0.0.1").tcp(9, 8));
  const Layers loop_back = parsed(eth().ipv4("127.0.0.1", "127.0.0.1").tcp(8, 9));
  EXPECT_EQ(loop.key, loop_back.key);
  EXPECT_NE(loop.source_is_low, loop_back.source_is_low);
}

TEST(Parse, KeysFlowsByTheInnermostAddressesAndCountsTheOutermost) {
  const Layers layers = parsed(
      eth().ipv4("192.0.2.1", "192.0.2.2").udp(40000, 4789).vxlan(77).eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443));
  EXPECT_TRUE(layers.tunneled);
  EXPECT_EQ(layers.key.low().address.to_string(), "10.0.0.1");
  EXPECT_EQ(layers.key.high().address.to_string(), "10.0.0.2");
  EXPECT_EQ(layers.key.ip_protocol, 6);
  EXPECT_EQ(layers.outer_ip_protocol, 17);
  EXPECT_EQ(layers.outer_source_port, 40000);
  EXPECT_EQ(layers.outer_destination_port, 4789);
}

TEST(Parse, PutsVlanAndNetworkIntoTheKeyOnlyWhenAsked) {
  const auto tagged = [](uint16_t vlan, uint32_t vni) {
    return eth().vlan(vlan).ipv4("192.0.2.1", "192.0.2.2").udp(40000, 6081).geneve(vni).eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2);
  };
  EXPECT_EQ(parsed(tagged(1, 10)).key, parsed(tagged(2, 20)).key);
  const ParseOptions by_vlan{.vlan_in_key = true};
  EXPECT_NE(parsed(tagged(1, 10), by_vlan).key, parsed(tagged(2, 10), by_vlan).key);
  EXPECT_EQ(parsed(tagged(1, 10), by_vlan).key, parsed(tagged(1, 20), by_vlan).key);
  const ParseOptions by_vni{.vni_in_key = true};
  EXPECT_NE(parsed(tagged(1, 10), by_vni).key, parsed(tagged(1, 20), by_vni).key);
  // Network 0 is a network, other than none.
  EXPECT_NE(parsed(tagged(1, 0), by_vni).key, parsed(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2), by_vni).key);
}

TEST(Parse, DoesNotTakeAQuotedPacketForAFlow) {
  const Layers layers = parsed(
      eth().ipv4("10.0.0.9", "10.0.0.1").icmp(3, 1).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).syn());
  EXPECT_FALSE(layers.has_flow);
  EXPECT_FALSE(layers.tunneled);
  EXPECT_EQ(layers.outer_ip_protocol, 0);
}

TEST(Parse, SurvivesRandomDamage) {
  std::mt19937 random(7);  // the same damage every time
  for (const ParseCase& whole : good_frames()) {
    SCOPED_TRACE(whole.description);
    const Bytes good = whole.frame.bytes();
    for (int round = 0; round < 200; ++round) {
      Bytes bytes = good;
      for (unsigned i = 0; i <= random() % 4; ++i) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
      bytes.resize(random() % (bytes.size() + 1));
      bytes.shrink_to_fit();
      Packet packet = packet_over(bytes, whole.frame.link_type());
      packet.original_length += static_cast<uint32_t>(random() % 3 * 100);
      const Layers layers = parsed(packet);
      ASSERT_LE(layers.depth, kMaxLayers);
      if (layers.has_flow) {
        ASSERT_LE(size_t{layers.payload_offset} + layers.payload_captured, bytes.size());
        ASSERT_LE(size_t{layers.inner_offset} + (layers.inner_family == IpFamily::V4 ? 20 : 40), bytes.size());
      }
      if (layers.outer_family != IpFamily::None) {
        ASSERT_LE(size_t{layers.outer_offset} + (layers.outer_family == IpFamily::V4 ? 20 : 40), bytes.size());
      }
    }
  }
}

TEST(Parse, SaysOfDamagedPlainFramesWhatItSaysHeaderByHeader) {
  const std::vector<FrameBuilder> plain{
      eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).payload("abc"),
      eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, 443).tcp_options(12),
      eth().ipv4("10.0.0.1", "10.0.0.1").udp(53, 1234).payload("abcdefgh"),
      eth().ipv6("2001:db8::2", "2001:db8::1").tcp(1234, 443).payload("abc"),
      eth().ipv6("2001:db8::1", "2001:db8::1").udp(443, 1234).payload("abcdefghijkl"),
      eth().ipv6("2001:db8::1", "2001:db8::2").udp(4789, 1234).payload("abcdefghijkl"),
  };
  std::mt19937 random(11);
  for (const FrameBuilder& frame : plain) {
    const Bytes whole = frame.bytes();
    for (size_t at = 12; at < whole.size(); ++at) {
      for (unsigned value = 0; value < 256; value += at < 24 ? 1 : 5) {
        Bytes bytes = whole;
        bytes[at] = static_cast<uint8_t>(value);
        Packet packet = packet_over(bytes, frame.link_type());
        parsed(packet);
        packet.original_length += static_cast<uint32_t>(random() % 40);  // padded on the wire, or cut
        packet.captured_length -= static_cast<uint32_t>(random() % bytes.size());
        parsed(packet);
        if (HasFailure()) FAIL() << "with " << value << " at " << at;
      }
    }
  }
}

std::optional<uint64_t> dealt_out_by(const FrameBuilder& frame) {
  const Bytes bytes = frame.bytes();
  return plain_flow_hash(packet_over(bytes, frame.link_type()));
}

TEST(PlainFlowHash, IsThatOfBothDirectionsOfAPlainFlow) {
  const auto there = dealt_out_by(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443));
  ASSERT_TRUE(there);
  EXPECT_EQ(there, dealt_out_by(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, 1234).payload("abc")));
  EXPECT_NE(there, dealt_out_by(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, 1235)));
  EXPECT_NE(there, dealt_out_by(eth().ipv4("10.0.0.1", "10.0.0.2").udp(1234, 443)));
  const auto v6 = dealt_out_by(eth().ipv6("2001:db8::2", "2001:db8::1").udp(1234, 53));
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6, dealt_out_by(eth().ipv6("2001:db8::1", "2001:db8::2").udp(53, 1234)));
}

TEST(PlainFlowHash, LeavesToTheParserWhatMayHoldAnotherFlow) {
  EXPECT_FALSE(dealt_out_by(eth().ipv4("10.0.0.1", "10.0.0.2").udp(1234, 4789).payload("abcdefgh")));
  EXPECT_FALSE(dealt_out_by(eth().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443)));
  EXPECT_FALSE(dealt_out_by(eth().ipv4("10.0.0.1", "10.0.0.2").icmp(8, 0)));
  Bytes fragment = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1234, 53).payload("abcdefgh").bytes();
  fragment[14 + 6] |= 0x20;  // more fragments
  EXPECT_FALSE(plain_flow_hash(packet_over(fragment, 1)));
}

}  // namespace
}  // namespace wirewatch::testing
