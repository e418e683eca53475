// SPDX-License-Identifier: BSD-3-Clause
// Lines of the packet list. Where tshark 4.0.17 has a line for the same frame, ours is worded the same; the comparison
// over the bundled capture is in scenario_test.cc.
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/packet/parse_cases.h"
#include "tests/packets/described.h"

namespace wirewatch::testing {
namespace {

using namespace std::string_literals;

struct LineCase {
  const char* description;
  FrameBuilder frame;
  const char* application;
  const char* protocol;
  std::string info;
};

std::vector<LineCase> line_cases() {
  const auto tcp = [](uint16_t source, uint16_t destination) { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(source, destination); };
  const auto udp = [](uint16_t source, uint16_t destination) { return eth().ipv4("10.0.0.1", "10.0.0.2").udp(source, destination); };
  return {
      {"a SYN", tcp(1234, 80).syn().seq(7), "", "TCP", "1234 \u2192 80 [SYN] Seq=7 Win=64240 Len=0"},
      {"a segment without a flag", tcp(1, 2).flags(0), "", "TCP", "1 \u2192 2 [<None>] Seq=1000 Win=64240 Len=0"},
      {"every flag that there is", tcp(1, 2).flags(0xff), "", "TCP",
       "1 \u2192 2 [FIN, SYN, RST, PSH, ACK, URG, ECE, CWR] Seq=1000 Ack=0 Win=64240 Len=0"},
      {"UDP that nothing claims", udp(5000, 6000).payload("abc"), "", "UDP", "5000 \u2192 6000 Len=3"},
      {"an application without a line of its own", udp(5000, 6000).payload("abc"), "teamviewer", "TEAMVIEWER",
       "5000 \u2192 6000 Len=3"},
      {"a DNS question", udp(5000, 53).payload("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07""example\x03""com\x00\x00\x01\x00\x01"s),
       "dns", "DNS", "Standard query 0x1234 A www.example.com"},
      {"a DNS answer", udp(53, 5000).payload("\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01""a\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01"
                                             "\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x07"s),
       "dns", "DNS", "Standard query response 0x1234 A a A 10.0.0.7"},
      {"a DNS name that points to itself", udp(5000, 53).payload("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01"s),
       "dns", "DNS", "Standard query 0x1234 A "},
      {"an HTTP request", tcp(5000, 80).ack().payload("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), "http", "HTTP", "GET /a HTTP/1.1 "},
      {"control characters of a stranger", tcp(5000, 80).ack().payload("GET /\x1b[2J\x07\xff HTTP/1.1\r\n\r\n"), "http", "HTTP",
       "GET /\\033[2J\\a\\377 HTTP/1.1 "},
      {"text that would run backwards", tcp(5000, 80).ack().payload("GET /\xe2\x80\xae HTTP/1.1\r\n\r\n"), "http", "HTTP",
       "GET /\\342\\200\\256 HTTP/1.1 "},
      {"text in other letters", tcp(5000, 80).ack().payload("GET /gr\xc3\xbc\xc3\x9f HTTP/1.1\r\n\r\n"), "http", "HTTP",
       "GET /gr\u00fc\u00df HTTP/1.1 "},
      {"a line of SMTP", tcp(5000, 25).ack().payload("EHLO me\r\n"), "smtp", "SMTP", "C: EHLO me"},
      {"NTP", udp(5000, 123).payload("\x23"s + std::string(47, '\0')), "ntp", "NTP", "NTP Version 4, client"},
      {"syslog", udp(5000, 514).payload("<13>hello\n"), "syslog", "Syslog", "USER.NOTICE: hello"},
      {"an unreachable port", eth().ipv4("10.0.0.1", "10.0.0.2").icmp(3, 3).zeros(8), "", "ICMP",
       "Destination unreachable (Port unreachable)"},
      {"a later fragment", eth().ipv4("10.0.0.1", "10.0.0.2").fragment(100, false).udp(1, 2), "", "IPv4",
       "Fragmented IP protocol (proto=UDP 17, off=800, ID=1234)"},
  };
}

TEST(Describe, SaysWhatTsharkSays) {
  Describing describe;
  for (const LineCase& wanted : line_cases()) {
    const Described line = describe(wanted.frame, wanted.application);
    EXPECT_EQ(line.protocol, wanted.protocol) << wanted.description;
    EXPECT_EQ(line.info, wanted.info) << wanted.description;
    EXPECT_EQ(line.source, "10.0.0.1") << wanted.description;
    EXPECT_EQ(line.destination, "10.0.0.2") << wanted.description;
  }
}

TEST(Describe, ShowsTheInnermostAddressesOfTunnels) {
  Describing describe;
  const Described line = describe(eth().ipv4("10.0.0.1", "10.0.0.2").gre().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2));
  EXPECT_EQ(line.source, "2001:db8::1");
  EXPECT_EQ(line.destination, "2001:db8::2");
  EXPECT_EQ(line.protocol, "UDP");
}

TEST(Describe, GivesFramesWithoutIpTheirLinkAddresses) {
  Describing describe;
  const Described line = describe(eth().arp());
  EXPECT_EQ(line.protocol, "ARP");
  EXPECT_EQ(line.source.size(), 17u) << line.source;
}

TEST(Describe, LinksRepliesToTheirRequests) {
  Describing describe;
  const Bytes echo{0, 0, 0, 0, 0x12, 0x34, 0, 7};
  const auto ping = [&](const char* from, const char* to, uint8_t type) {
    Bytes bytes = eth().ipv4(from, to).icmp(type).zeros(0).bytes();
    std::copy(echo.begin() + 4, echo.end(), bytes.begin() + 14 + 20 + 4);
    return bytes;
  };
  const Bytes request = ping("10.0.0.1", "10.0.0.2", 8), reply = ping("10.0.0.2", "10.0.0.1", 0);
  EXPECT_EQ(describe(packet_over(request, 1, {}, 41)).info.substr(0, 44), "Echo (ping) request  id=0x1234, seq=7/1792, ");
  const std::string answered = describe(packet_over(reply, 1, {}, 42)).info;
  EXPECT_NE(answered.find("(request in 41)"), std::string::npos) << answered;
  Describing other;
  EXPECT_EQ(other(packet_over(reply, 1, {}, 42)).info.find("request in"), std::string::npos);
}

TEST(Describe, GivesAMessageOverSeveralSegmentsToTheLast) {
  Describing describe;
  // A SunRPC call of 60 bytes: GETATTR of NFS 3.
  const std::string call = "\x80\x00\x00\x3c\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa3\x00\x00\x00\x03\x00\x00\x00\x01"s +
                           std::string(36, '\0');
  const auto segment = [&](uint32_t sequence, std::string_view payload) {
    return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(700, 2049).ack().seq(sequence).payload(payload);
  };
  const Described first = describe(segment(1, std::string_view(call).substr(0, 40)), "nfs");
  EXPECT_EQ(first.protocol, "TCP");
  EXPECT_TRUE(first.info.ends_with("[TCP segment of a reassembled PDU]")) << first.info;
  const Described last = describe(segment(41, std::string_view(call).substr(40)), "nfs");
  EXPECT_EQ(last.protocol, "NFS");
  EXPECT_EQ(last.info, "V3 GETATTR Call");
}

/// Frames cut anywhere, read as any application: nothing behind their end may be touched, which a sanitizer sees, and no
/// byte of theirs may reach the terminal that steers it.
TEST(Describe, StaysWithinFramesThatAreCutOrLie) {
  constexpr const char* kApplications[]{"bittorrent", "dhcp", "dhcpv6", "dns", "http", "ldap", "mqtt", "nbns", "nfs", "ntp",
                                        "postgresql", "redis", "smb", "smtp", "snmp", "ssh", "syslog", "tls", "unheard-of"};
  std::mt19937 random(7);
  Describing describe;
  auto cases = good_frames();
  for (const LineCase& line : line_cases()) cases.push_back({.description = line.description, .frame = line.frame, .path = {}});
  for (const auto& each : cases) {
    const Bytes all = each.frame.bytes();
    for (size_t length = 0; length <= all.size(); ++length) {
      const auto exact = std::make_unique<uint8_t[]>(length);
      std::copy_n(all.begin(), length, exact.get());
      for (int damage = 0; damage < 3; ++damage) {
        if (damage > 0 && length > 0) exact[random() % length] = static_cast<uint8_t>(random());
        Packet packet = packet_over(all, each.frame.link_type());
        packet.data = exact.get();
        packet.captured_length = static_cast<uint32_t>(length);
        const Described line = describe(packet, kApplications[random() % std::size(kApplications)]);
        for (const char letter : line.info + line.protocol + line.source) {
          EXPECT_TRUE(static_cast<uint8_t>(letter) >= 0x20 && letter != 0x7f) << each.description;
        }
      }
    }
  }
}

}  // namespace
}  // namespace wirewatch::testing
