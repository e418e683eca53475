// SPDX-License-Identifier: BSD-3-Clause
// What filters mean, one frame at a time: what tshark cannot be asked about (Wirewatch's own fields, xor) and what the
// bundled capture does not hold (tunnels, quotes in ICMP errors, fragments).
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "dataplane/filter/field_reader.h"
#include "dataplane/filter/filter.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"
#include "tests/support/packet_builder.h"

namespace wirewatch {
namespace {

using testing::Bytes;
using testing::FrameBuilder;
using testing::eth;
using testing::packet_over;

FilterNames applications() {
  FilterNames names;
  names.applications = {"bittorrent", "dns-over-tls", "rdp"};
  return names;
}

bool holds(std::string_view text, const Bytes& bytes, const FlowContext* flow = nullptr) {
  auto filter = Filter::compile(text, applications());
  if (!filter) {
    ADD_FAILURE() << text << ": " << filter.error().message;
    return false;
  }
  const Packet packet = packet_over(bytes);
  Layers layers;
  parse(packet, {}, layers);
  return filter->matches({.packet = packet, .layers = layers, .flow = flow});
}

struct Meaning {
  std::string_view text;
  bool holds;
};

void expect(const Bytes& bytes, std::initializer_list<Meaning> meanings) {
  for (const auto& [text, expected] : meanings) EXPECT_EQ(holds(text, bytes), expected) << text;
}

TEST(Filter, AnEmptyOneHoldsForEveryFrame) {
  expect(eth().arp().bytes(), {{"", true}, {"  \t ", true}});
}

TEST(Filter, AndBindsTighterThanXorAndXorTighterThanOr) {
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).bytes();
  expect(frame, {{"tcp or udp and arp", true},
                 {"(tcp or udp) and arp", false},
                 {"ip xor tcp", false},
                 {"ip ^^ udp", true},
                 {"ip xor tcp and udp", true},
                 {"tcp or ip xor tcp", true},
                 {"arp or ip xor tcp", false},
                 {"not tcp or ip", true},
                 {"not (tcp or ip)", false},
                 {"ip xor tcp xor ip", true}});
}

TEST(Filter, ComparesEveryOccurrenceAsVersion40Does) {
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(80, 9000).bytes();
  expect(frame, {{"tcp.port == 80", true},
                 {"tcp.port != 80", false},
                 {"tcp.port != 81", true},
                 {"tcp.port ~= 80", true},
                 {"tcp.port !== 80", true},
                 {"tcp.port === 80", false},
                 {"tcp.port any_ne 80", true},
                 {"tcp.port all_ne 80", false},
                 {"any tcp.port > 1000", true},
                 {"all tcp.port > 1000", false},
                 {"all tcp.port in {80, 9000}", true},
                 {"all tcp.port in {80}", false},
                 {"udp.port != 1", false},
                 {"!(udp.port == 1)", true},
                 {"not tcp.port in {80}", false},
                 {"tcp.port not in {81..8999}", true}});
}

TEST(Filter, SeesInnerHeadersOfTunnels) {
  const Bytes frame = eth().ipv4("192.0.2.1", "192.0.2.2").udp(5000, 4789).vxlan(7).eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 111).bytes();
  expect(frame, {{"tcp.port == 111", true},
                 {"udp.port == 4789", true},
                 {"vxlan.vni == 7", true},
                 {"ip.src == 192.0.2.1", true},
                 {"ip.src == 10.0.0.1", true},
                 {"ip.src#1 == 10.0.0.1", false},
                 {"ip.src#2 == 10.0.0.1", true},
                 {"ip.src#[-1] == 10.0.0.1", true},
                 {"ip.src#[1-2] == 10.0.0.1", true},
                 {"eth.src#2", true},
                 {"count(ip.addr) == 4", true},
                 {"ip.addr != 10.0.0.1", false}});
}

TEST(Filter, SeesThePacketThatAnIcmpErrorQuotes) {
  const Bytes quote = FrameBuilder(101).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).bytes();
  const Bytes frame = eth().ipv4("10.0.0.9", "10.0.0.1").icmp(3, 3).payload(quote).bytes();
  expect(frame, {{"icmp.type == 3", true}, {"udp.dstport == 53", true}, {"ip.dst == 10.0.0.2", true}, {"ip.dst#1 == 10.0.0.2", false}});
}

TEST(Filter, ShowsFragmentsInTheFrameThatCompletesTheDatagram) {
  const Bytes whole = FrameBuilder(101).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 5000).payload(Bytes(24, 'x')).bytes();
  const Bytes carried(whole.begin() + 20, whole.end());
  const auto part = [&](uint16_t offset, bool more, size_t from, size_t to) {
    Bytes bytes = eth().ipv4("10.0.0.1", "10.0.0.2").fragment(offset, more).payload(Bytes(carried.begin() + static_cast<long>(from), carried.begin() + static_cast<long>(to))).bytes();
    bytes[14 + 9] = 17;
    return bytes;
  };
  const Bytes first = part(0, true, 0, 16), last = part(2, false, 16, carried.size());
  auto filter = Filter::compile("udp.port == 5000");
  ASSERT_TRUE(filter);
  const auto ask = [&](const Bytes& bytes) {
    const Packet packet = packet_over(bytes);
    Layers layers;
    parse(packet, {}, layers);
    return filter->matches({.packet = packet, .layers = layers});
  };
  EXPECT_FALSE(ask(first));
  EXPECT_TRUE(ask(last));
  EXPECT_FALSE(ask(last)) << "a datagram is finished once";
  EXPECT_TRUE(ask(first)) << "whatever the order";
}

TEST(Filter, KnowsTheFlowOfTheFrame) {
  const Bytes data = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("x").bytes();
  const Bytes bare = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).bytes();
  FlowContext flow{.application = "bittorrent", .category = "p2p", .evidence = Evidence::Payload, .packets = 12, .bytes = 3456,
                   .has_handshake = true, .ambiguous = true, .outcome = "established", .syn_ack_rtt_ns = 5'000'000};
  flow.host = "www.youtube.com";
  flow.service = "youtube";
  flow.service_category = "video";
  flow.alpn = "h2";
  flow.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
  const auto with = [&](std::string_view text, const Bytes& bytes = {}) { return holds(text, bytes.empty() ? data : bytes, &flow); };
  EXPECT_TRUE(with("bittorrent"));
  EXPECT_FALSE(with("bittorrent", bare)) << "an application is in frames with payload";
  EXPECT_FALSE(with("rdp"));
  EXPECT_FALSE(with("dns-over-tls"));
  EXPECT_TRUE(with("flow.application == \"bittorrent\"", bare));
  EXPECT_TRUE(with("flow.category == p2p and flow.evidence == \"payload\""));
  EXPECT_TRUE(with("flow.packets > 11 and flow.bytes in {3000..4000}"));
  EXPECT_TRUE(with("handshake.syn_ack_rtt == 0.005"));
  EXPECT_TRUE(with("handshake.syn_ack_rtt > 0.004 and handshake.ambiguous == 1"));
  EXPECT_TRUE(with("handshake.ambiguous == True && handshake.outcome matches \"^ESTAB\""));
  EXPECT_TRUE(with("flow.host contains \"youtube\" and flow.service == \"youtube\" and flow.service_category in {\"video\", \"music\"}", bare));
  EXPECT_TRUE(with("flow.alpn == \"h2\" and flow.ja4 matches \"^t13d\""));
  EXPECT_FALSE(holds("flow.host", data));
  EXPECT_FALSE(with("handshake.ack_rtt")) << "a duration that is not known is not there";
  EXPECT_FALSE(holds("flow.application", data));
}

TEST(Filter, SaysWhatItNeeds) {
  const auto needs = [](std::string_view text) { return Filter::compile(text, applications())->needs(); };
  EXPECT_FALSE(needs("tcp.port == 111 and ip.src == 10.0.0.0/8 and frame.len > 60").streams);
  EXPECT_FALSE(needs("tcp.port == 111").flow);
  EXPECT_TRUE(needs("tcp.stream == 1").streams);
  EXPECT_TRUE(needs("not tls").streams);
  EXPECT_TRUE(needs("frame.time_delta > 1").times);
  EXPECT_FALSE(needs("frame.time_epoch > 1").times);
  EXPECT_TRUE(needs("rdp").flow);
  EXPECT_TRUE(needs("rdp").whole_flow) << "frames before the verdict count as well";
  EXPECT_TRUE(needs("flow.packets > 1").whole_flow);
  EXPECT_TRUE(needs("flow.host").names && needs("flow.host").whole_flow && !needs("flow.host").services);
  EXPECT_TRUE(needs("flow.service == \"youtube\"").names && needs("flow.service == \"youtube\"").services);
  EXPECT_FALSE(needs("flow.application == \"tls\"").names);
}

TEST(Filter, DividingByAFieldThatIsZeroIsNoValue) {
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).bytes();
  expect(frame, {{"tcp.port / tcp.len == 0", false}, {"!(tcp.port / tcp.len == 0)", true}, {"tcp.port % tcp.len != 3", false}});
}

TEST(Filter, GivesUpRegularExpressionsThatExplode) {
  const Bytes frame = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload(std::string(1000, 'a')).bytes();
  EXPECT_FALSE(holds("tcp.payload matches \"^(a+)+b$\"", frame));
}

TEST(FieldList, HasEveryFieldOnceWithTypeAndDescription) {
  const auto fields = list_fields();
  EXPECT_GE(fields.size(), 400u);
  for (size_t i = 0; i < fields.size(); ++i) {
    EXPECT_FALSE(fields[i].type.empty() || fields[i].description.empty()) << fields[i].name;
    if (i > 0) {
      EXPECT_LT(fields[i - 1].name, fields[i].name);
    }
    EXPECT_TRUE(Filter::compile(fields[i].name)) << fields[i].name;
  }
}

TEST(FieldReader, SuggestsTheNearestName) {
  const std::vector<std::string> fields{"ip.src", "tcp.prot"};
  const auto reader = FieldReader::compile(fields);
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("did you mean 'tcp.port'?"), std::string::npos) << reader.error().message;
}

}  // namespace
}  // namespace wirewatch
