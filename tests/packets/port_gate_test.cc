// SPDX-License-Identifier: BSD-3-Clause
// What the gate shuts out, the filter would have refused.
#include "control/packets/port_gate.h"

#include <gtest/gtest.h>

#include "dataplane/filter/filter.h"
#include "dataplane/packet/parse.h"
#include "tests/packet/parse_cases.h"

namespace wirewatch::testing {
namespace {

TEST(PortGate, StandsBeforePlainPortTests) {
  for (const char* filter : {"tcp.port == 111", "tcp.port==111", "  tcp.port eq 111 ", "ip and tcp.dstport == 80", "udp.port == 53",
                             "tcp.srcport == 1 && ip.src == 10.0.0.1", "frame.len > 100 and tcp.port == 111 and ipv6"}) {
    EXPECT_TRUE(PortGate::of(filter)) << filter;
  }
}

TEST(PortGate, StandsAside) {
  for (const char* filter :
       {"", "tcp", "tcp.port != 111", "tcp.port == 111 or udp", "tcp.port == 111 || udp", "not tcp.port == 111", "!tcp.port == 111",
        "(tcp.port == 111)", "tcp.port == 111 xor ip", "tcp.port == 0x6f", "tcp.port == 70000", "tcp.port == 0111", "tcp.port > 111",
        "tcp.port === 111", "tcp.port == tcp.dstport", "http contains \"x and tcp.port == 111\"", "tcp.port == 111 + 1", "tcp.port in {111}",
        "tcp.port", "ip.src == tcp.port == 111", "tcp.port == 111 ^^ ip"}) {
    EXPECT_FALSE(PortGate::of(filter)) << filter;
  }
}

TEST(PortGate, ShutsOutOnlyWhatTheFilterRefuses) {
  auto cases = good_frames();
  for (auto& bad : bad_frames()) cases.push_back(std::move(bad));
  const auto add = [&](const char* description, FrameBuilder frame) {
    cases.push_back({.description = description, .frame = std::move(frame), .path = {}});
  };
  add("the port in VLAN", eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443));
  add("the port in VXLAN", eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 4789).vxlan(7).eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443));
  add("another port", eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2));
  add("another port, IPv6", eth().ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2));
  size_t shut_out = 0, let_in = 0;
  for (const char* text : {"tcp.port == 443", "tcp.srcport == 1234", "tcp.dstport == 443", "udp.port == 443", "udp.srcport == 1234"}) {
    const auto gate = PortGate::of(text);
    auto filter = Filter::compile(text);
    ASSERT_TRUE(gate && filter);
    for (const ParseCase& each : cases) {
      const Bytes all = each.frame.bytes();
      for (size_t length = 0; length <= all.size(); ++length) {
        Packet packet = packet_over(all, each.frame.link_type());
        packet.captured_length = static_cast<uint32_t>(length);
        if (!gate->shuts_out(packet)) {
          ++let_in;
          continue;
        }
        ++shut_out;
        Layers layers;
        parse(packet, {}, layers);
        EXPECT_FALSE(filter->matches({.packet = packet, .layers = layers})) << text << ": " << each.description << " cut to " << length;
      }
    }
  }
  EXPECT_GT(shut_out, 0u);
  EXPECT_GT(let_in, 0u);
}

}  // namespace
}  // namespace wirewatch::testing
