// SPDX-License-Identifier: BSD-3-Clause
#include "tests/packet/parse_cases.h"

namespace wirewatch::testing {
namespace {

constexpr std::string_view kA = "10.0.0.1", kB = "10.0.0.2", kC = "192.0.2.1", kD = "192.0.2.2";
constexpr std::string_view kA6 = "2001:db8::1", kB6 = "2001:db8::2";
constexpr uint16_t kClient = 1234, kServer = 443;
constexpr uint16_t kAnyPort = 40000;
constexpr std::string_view kText = "twelve bytes";

/// The innermost packet of most cases.
FrameBuilder tcp_in(FrameBuilder outer) { return outer.ipv4(kA, kB).tcp(kClient, kServer).payload(kText); }
FrameBuilder eth_tcp_in(FrameBuilder outer) { return tcp_in(outer.eth()); }
FrameBuilder tcp6_in(FrameBuilder outer) { return outer.ipv6(kA6, kB6).tcp(kClient, kServer).payload(kText); }
FrameBuilder ip() { return eth().ipv4(kC, kD); }

constexpr auto kOk = ParseStatus::Understood;

void add_link_cases(std::vector<ParseCase>& cases) {
  const std::vector<ParseCase> more{
      {"TCP over IPv4 over Ethernet", tcp_in(eth()), "eth/ip/tcp"},
      {"TCP over IPv6", tcp6_in(eth()), "eth/ipv6/tcp"},
      {"802.1Q", tcp_in(eth().vlan(5)), "eth/vlan/ip/tcp"},
      {"802.1Q in 802.1Q", tcp_in(eth().vlan(5).vlan(6)), "eth/vlan/vlan/ip/tcp"},
      {"802.1ad with 802.1Q inside", tcp_in(eth().ieee8021ad(100).vlan(6)), "eth/ieee8021ad/vlan/ip/tcp"},
      {"802.3 with LLC and SNAP", tcp_in(eth().snap()), "eth/llc/ip/tcp"},
      {"802.3 with LLC of IP itself", tcp_in(eth().llc(0x06)), "eth/llc/ip/tcp"},
      {"spanning tree", eth().llc(0x42).zeros(35), "eth/llc/stp", kOk, false},
      {"one MPLS label", tcp_in(eth().mpls(16)), "eth/mpls/ip/tcp"},
      {"MPLS label above IPv6", tcp6_in(eth().mpls(16)), "eth/mpls/ipv6/tcp"},
      {"an Ethernet pseudowire", eth_tcp_in(eth().mpls(16).pseudowire_control_word()),
       "eth/mpls/pweth.cw/pwethcw/eth/ip/tcp"},
      {"PPPoE session", tcp_in(eth().pppoe_session().ppp()), "eth/pppoes/ppp/ip/tcp"},
      {"PPPoE session with IPv6", tcp6_in(eth().pppoe_session().ppp()), "eth/pppoes/ppp/ipv6/tcp"},
      {"MACsec, authenticated only", tcp_in(eth().macsec()).zeros(16), "eth/macsec/ip/tcp"},
      {"NSH with IPv4", tcp_in(eth().nsh()), "eth/nsh/ip/tcp"},
      {"NSH with Ethernet", eth_tcp_in(eth().nsh()), "eth/nsh/eth/ip/tcp"},
      {"ARP", eth().arp(), "eth/arp", kOk, false},
      {"Linux cooked capture", tcp_in(FrameBuilder(113).sll()), "sll/ip/tcp"},
      {"Linux cooked capture, version 2", tcp_in(FrameBuilder(276).sll2()), "sll/ip/tcp"},
      {"Linux cooked capture of a VLAN", tcp_in(FrameBuilder(113).sll().vlan(5)), "sll/vlan/ip/tcp"},
      {"BSD loopback with IPv4", tcp_in(FrameBuilder(0).null_loop(2)), "null/ip/tcp"},
      {"BSD loopback with IPv6 of Darwin", tcp6_in(FrameBuilder(0).null_loop(30)), "null/ipv6/tcp"},
      {"OpenBSD loop, in network byte order", tcp_in(FrameBuilder(108).null_loop(0x02000000)), "null/ip/tcp"},
      {"PPP with address and control", tcp_in(FrameBuilder(9).ppp_with_address()), "ppp/ip/tcp"},
      {"PPP without", tcp_in(FrameBuilder(9).ppp()), "ppp/ip/tcp"},
      {"raw IPv4", tcp_in(FrameBuilder(101)), "raw/ip/tcp"},
      {"raw IPv6", tcp6_in(FrameBuilder(12)), "raw/ipv6/tcp"},
      {"link type 228 has no node of its own", tcp_in(FrameBuilder(228)), "ip/tcp"},
      {"link type 229 has no node of its own", tcp6_in(FrameBuilder(229)), "ipv6/tcp"},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

void add_network_cases(std::vector<ParseCase>& cases) {
  const std::vector<ParseCase> more{
      {"IPv4 options", eth().ipv4(kA, kB).ipv4_options(8).tcp(kClient, kServer).payload(kText), "eth/ip/tcp"},
      {"TCP options", eth().ipv4(kA, kB).tcp(kClient, kServer).tcp_options(12).syn(), "eth/ip/tcp"},
      {"UDP", eth().ipv4(kA, kB).udp(kClient, kAnyPort).payload(kText), "eth/ip/udp", kOk, true, kClient, kAnyPort},
      {"first fragment", eth().ipv4(kA, kB).fragment(0, true).tcp(kClient, kServer).payload(kText), "eth/ip/tcp"},
      {"first fragment of a long datagram",
       eth().ipv4(kA, kB).fragment(0, true).udp(kClient, kAnyPort).claim_u16(4, 4000).payload(kText), "eth/ip/udp", kOk,
       true, kClient, kAnyPort},
      {"later fragment", eth().ipv4(kA, kB).fragment(185, false).payload(kText), "eth/ip/data",
       ParseStatus::LaterFragment, false},
      {"hop-by-hop options", eth().ipv6(kA6, kB6).hop_by_hop().tcp(kClient, kServer), "eth/ipv6/tcp"},
      {"hop-by-hop, routing and destination options",
       eth().ipv6(kA6, kB6).hop_by_hop().routing_header().destination_options().tcp(kClient, kServer), "eth/ipv6/tcp"},
      {"first IPv6 fragment", eth().ipv6(kA6, kB6).fragment_header(0, true).tcp(kClient, kServer).payload(kText),
       "eth/ipv6/tcp"},
      {"later IPv6 fragment", eth().ipv6(kA6, kB6).fragment_header(100, false).claim_u8(0, 6).payload(kText),
       "eth/ipv6/data", ParseStatus::LaterFragment, false},
      {"ICMP", ip().icmp(8).payload(kText), "eth/ip/icmp", kOk, false},
      {"ICMP error: the quoted packet is no layer",
       ip().icmp(3, 3).ipv4(kD, kC).udp(kClient, 53).payload(kText), "eth/ip/icmp", kOk, false},
      {"ICMPv6", eth().ipv6(kA6, kB6).icmpv6(128).payload(kText), "eth/ipv6/icmpv6", kOk, false},
      {"IGMP", ip().igmp(), "eth/ip/igmp", kOk, false},
      {"PIM hello", ip().pim_hello(), "eth/ip/pim", kOk, false},
      {"PIM register", tcp_in(ip().pim_register()), "eth/ip/pim/ip/tcp"},
      {"ESP", ip().esp(), "eth/ip/esp", kOk, false},
      {"AH over IPv4 is a layer", ip().ah().tcp(kClient, kServer), "eth/ip/ah/tcp"},
      {"SCTP DATA chunk", ip().sctp(kClient, 38412).sctp_data().payload(kText), "eth/ip/sctp", kOk, true, kClient, 38412},
      {"SCTP without DATA", ip().sctp(kClient, 38412).sctp_sack(), "eth/ip/sctp", kOk, true, kClient, 38412},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

void add_tunnel_cases(std::vector<ParseCase>& cases) {
  const auto vxlan = [] { return ip().udp(kAnyPort, 4789); };
  const std::vector<ParseCase> more{
      {"GRE", tcp_in(ip().gre()), "eth/ip/gre/ip/tcp"},
      {"GRE with IPv6", tcp6_in(ip().gre()), "eth/ip/gre/ipv6/tcp"},
      {"GRE with key", tcp_in(ip().gre().gre_key(7)), "eth/ip/gre/ip/tcp"},
      {"GRE with checksum, key and sequence", tcp_in(ip().gre().gre_checksum().gre_key(7).gre_sequence(1)),
       "eth/ip/gre/ip/tcp"},
      {"GRE with Ethernet", eth_tcp_in(ip().gre().gre_key(7)), "eth/ip/gre/eth/ip/tcp"},
      {"GRE with MPLS", tcp_in(ip().gre().mpls(16)), "eth/ip/gre/mpls/ip/tcp"},
      {"GRE over IPv6", tcp_in(eth().ipv6(kA6, kB6).gre()), "eth/ipv6/gre/ip/tcp"},
      {"PPTP", tcp_in(ip().pptp_gre(false).ppp()), "eth/ip/gre/ppp/ip/tcp"},
      {"PPTP with acknowledgment", tcp_in(ip().pptp_gre(true).ppp()), "eth/ip/gre/ppp/ip/tcp"},
      {"PPTP acknowledgment alone", ip().pptp_gre(true), "eth/ip/gre", kOk, false},
      {"ERSPAN type I", eth_tcp_in(ip().gre().erspan1()), "eth/ip/gre/erspan/eth/ip/tcp"},
      {"ERSPAN type II", eth_tcp_in(ip().gre().gre_sequence(5).erspan2()), "eth/ip/gre/erspan/eth/ip/tcp"},
      {"ERSPAN type III", eth_tcp_in(ip().gre().gre_sequence(5).erspan3(false)), "eth/ip/gre/erspan/eth/ip/tcp"},
      {"ERSPAN type III with platform header", eth_tcp_in(ip().gre().gre_sequence(5).erspan3(true)),
       "eth/ip/gre/erspan/eth/ip/tcp"},
      {"EtherIP", eth_tcp_in(ip().ether_ip()), "eth/ip/etherip/eth/ip/tcp"},
      {"VXLAN", eth_tcp_in(vxlan().vxlan(5)), "eth/ip/udp/vxlan/eth/ip/tcp"},
      {"VXLAN with a VLAN inside", tcp_in(vxlan().vxlan(5).eth().vlan(9)), "eth/ip/udp/vxlan/eth/vlan/ip/tcp"},
      {"VXLAN over IPv6", eth_tcp_in(eth().ipv6(kA6, kB6).udp(kAnyPort, 4789).vxlan(5)),
       "eth/ipv6/udp/vxlan/eth/ip/tcp"},
      {"VXLAN holding ARP", vxlan().vxlan(5).eth().arp(), "eth/ip/udp/vxlan/eth/arp", kOk, true, kAnyPort, 4789},
      {"GENEVE", eth_tcp_in(ip().udp(kAnyPort, 6081).geneve(5)), "eth/ip/udp/geneve/eth/ip/tcp"},
      {"GENEVE with options", eth_tcp_in(ip().udp(kAnyPort, 6081).geneve(5, 16)), "eth/ip/udp/geneve/eth/ip/tcp"},
      {"GENEVE with IPv4", tcp_in(ip().udp(kAnyPort, 6081).geneve(5)), "eth/ip/udp/geneve/ip/tcp"},
      {"IP in IP", tcp_in(ip()), "eth/ip/ip/tcp"},
      {"6in4", tcp6_in(ip()), "eth/ip/ipv6/tcp"},
      {"4in6", tcp_in(eth().ipv6(kA6, kB6)), "eth/ipv6/ip/tcp"},
      {"GTP-U", tcp_in(ip().udp(2152, 2152).gtp_u(1)), "eth/ip/udp/gtp/ip/tcp"},
      {"GTP-U with an extension header", tcp6_in(ip().udp(2152, 2152).gtp_u(1).gtp_extension()),
       "eth/ip/udp/gtp/ipv6/tcp"},
      {"Teredo", tcp6_in(ip().udp(kAnyPort, 3544)), "eth/ip/udp/teredo/ipv6/tcp"},
      {"Teredo with origin indication", tcp6_in(ip().udp(3544, kAnyPort).teredo_origin()), "eth/ip/udp/teredo/ipv6/tcp"},
      {"L2TP", tcp_in(ip().udp(1701, 1701).l2tp(1, 2).ppp_with_address()), "eth/ip/udp/l2tp/ppp/ip/tcp"},
      {"AYIYA", tcp6_in(ip().udp(kAnyPort, 5072).ayiya()), "eth/ip/udp/ayiya/ipv6/tcp"},
      {"CAPWAP data with Ethernet", eth_tcp_in(ip().udp(kAnyPort, 5247).capwap()), "eth/ip/udp/capwap.data/eth/ip/tcp"},
      {"VXLAN in GRE in VLAN", eth_tcp_in(eth().vlan(3).ipv4(kC, kD).gre().ipv4(kD, kC).udp(kAnyPort, 4789).vxlan(1)),
       "eth/vlan/ip/gre/ip/udp/vxlan/eth/ip/tcp"},
  };
  cases.insert(cases.end(), more.begin(), more.end());
}

}  // namespace

std::vector<ParseCase> good_frames() {
  std::vector<ParseCase> cases;
  add_link_cases(cases);
  add_network_cases(cases);
  add_tunnel_cases(cases);
  return cases;
}

std::vector<ParseCase> bad_frames() {
  FrameBuilder tower = eth();
  for (int i = 0; i < 20; ++i) tower.vlan(7);
  const auto tcp = [] { return eth().ipv4(kA, kB).tcp(kClient, kServer); };
  return {
      {"an EtherType nobody knows", eth().claim_u16(12, 0x1234).payload(kText), "eth/data", ParseStatus::UnknownEthertype, false},
      {"an LLC service nobody knows", eth().llc(0x10).payload(kText), "eth/llc/data", ParseStatus::UnknownLlc, false},
      {"a PPP control protocol", eth().pppoe_session().ppp().payload(kText), "eth/pppoes/ppp/data",
       ParseStatus::UnknownPpp, false},
      {"an IP protocol nobody knows", ip().payload(kText), "eth/ip/data", ParseStatus::UnknownIpProtocol, false},
      {"IPv4 that claims version 5", eth().ipv4(kA, kB).claim_u8(0, 0x55).tcp(1, 2), "eth/ip",
       ParseStatus::Ipv4BadVersion, false},
      {"IPv4 header of 16 bytes", eth().ipv4(kA, kB).claim_u8(0, 0x44).tcp(1, 2), "eth/ip",
       ParseStatus::Ipv4BadHeaderLength, false},
      {"IPv4 total length inside its header", eth().ipv4(kA, kB).claim_u16(2, 19).tcp(1, 2), "eth/ip",
       ParseStatus::Ipv4BadTotalLength, false},
      {"IPv4 total length of 0 is left to the NIC", eth().ipv4(kA, kB).claim_u16(2, 0).tcp(kClient, kServer), "eth/ip/tcp"},
      {"IPv6 that claims version 4", eth().ipv6(kA6, kB6).claim_u8(0, 0x40).tcp(1, 2), "eth/ipv6",
       ParseStatus::Ipv6BadVersion, false},
      {"IPv6 options that reach past their header",
       eth().ipv6(kA6, kB6).destination_options().claim_u8(3, 200).tcp(1, 2), "eth/ipv6",
       ParseStatus::Ipv6ExtensionShort, false},
      {"TCP offset of 4 words", tcp().claim_u8(12, 0x40).payload(kText), "eth/ip/tcp", ParseStatus::TcpBadOffset},
      {"TCP offset past the packet", tcp().claim_u8(12, 0xf0).payload(kText), "eth/ip/tcp", ParseStatus::TcpBadOffset},
      {"UDP length of 7", eth().ipv4(kA, kB).udp(kClient, kAnyPort).claim_u16(4, 7).payload(kText), "eth/ip/udp",
       ParseStatus::UdpBadLength, true, kClient, kAnyPort},
      {"UDP length past the packet", eth().ipv4(kA, kB).udp(kClient, kAnyPort).claim_u16(4, 100).payload(kText),
       "eth/ip/udp", ParseStatus::UdpBadLength, true, kClient, kAnyPort},
      {"GRE version 3", ip().gre().claim_u16(0, 3).payload(kText), "eth/ip/gre", ParseStatus::TunnelBadHeader, false},
      {"AH shorter than itself", ip().ah().claim_u8(1, 0).tcp(1, 2), "eth/ip/ah", ParseStatus::TunnelBadHeader, false},
      {"NSH shorter than itself", tcp_in(eth().nsh().claim_u8(1, 0xc1)), "eth/nsh", ParseStatus::TunnelBadHeader, false},
      {"more tags than are followed", tower.ipv4(kA, kB).tcp(1, 2),
       "eth/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan/vlan", ParseStatus::TooManyLayers, false},
      {"DNS from VXLAN's port is no VXLAN", ip().udp(8472, 53).payload(kText), "eth/ip/udp", kOk, true, 8472, 53},
      {"a link type nobody dissects", FrameBuilder(147).payload(kText), "unsupported_link_type",
       ParseStatus::UnsupportedLinkType, false},
  };
}

std::string path_of(const Layers& layers) {
  std::string path;
  for (size_t i = 0; i < layers.depth; ++i) {
    if (i > 0) path += '/';
    path += name(layers.protocols[i]);
  }
  return path;
}

}  // namespace wirewatch::testing
