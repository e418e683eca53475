// SPDX-License-Identifier: BSD-3-Clause
// The protocols the parser knows below the application, each with the name Wireshark gives it (frame.protocols).
// One table: the hierarchy, the filters and the report take their names from here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wirewatch {

enum class Protocol : uint8_t {
  None,
  // Link layers a capture can start with.
  Eth, Cfp, Null, Raw, Sll, Ppp, Chdlc, FrameRelay, Arcnet, Ipnet, IpOverIb, Fddi, Pktap, Nflog, Juniper,
  Radiotap, WlanRadio, Wlan, Unsupported,
  // Between the link and the network layer.
  Vlan, Ieee8021ad, Ieee8021ah, Etag, Vntag, Macsec, Nsh, Llc, Mpls, PwEthCw, PwEthControlWord, Pppoed, Pppoes,
  Arp, Rarp, Lldp, Slow, Lacp, Eapol, Stp, Cdp, Loop, Cfm, Ptp, Goose, SampledValues, Profinet, Ethercat, Isis, Osi,
  Ipx, NetBeui, WakeOnLan, Slarp,
  // Network layer and what rides directly on it.
  Ip, Ipv6, Icmp, Icmpv6, Igmp, Dvmrp, Rgmp, Ospf, Vrrp, Carp, Pim, Eigrp, Rsvp, Pgm, Nhrp, L2tp, Mipv6, Hip, Esp,
  Ah, Ipcomp,
  // Transports.
  Tcp, Udp, UdpLite, Sctp, Dccp,
  // Tunnels.
  Gre, Erspan, EtherIp, Vxlan, Geneve, Gtp, Teredo, Ayiya, Capwap,
  // Payload that nothing claims.
  Data,
  Count
};

inline constexpr std::array<std::string_view, static_cast<size_t>(Protocol::Count)> kProtocolNames{
    "none",
    "eth", "cfp", "null", "raw", "sll", "ppp", "chdlc", "fr", "arcnet", "ipnet", "ipoib", "fddi", "pktap", "nflog", "juniper",
    "radiotap", "wlan_radio", "wlan", "unsupported_link_type",
    "vlan", "ieee8021ad", "ieee8021ah", "etag", "vntag", "macsec", "nsh", "llc", "mpls", "pweth.cw", "pwethcw", "pppoed", "pppoes",
    "arp", "rarp", "lldp", "slow", "lacp", "eapol", "stp", "cdp", "loop", "cfm", "ptp", "goose", "sv", "pn_rt", "ecat", "isis", "osi",
    "ipx", "netbios", "wol", "slarp",
    "ip", "ipv6", "icmp", "icmpv6", "igmp", "dvmrp", "rgmp", "ospf", "vrrp", "carp", "pim", "eigrp", "rsvp", "pgm", "nhrp", "l2tp", "mipv6", "hip", "esp",
    "ah", "ipcomp",
    "tcp", "udp", "udplite", "sctp", "dccp",
    "gre", "erspan", "etherip", "vxlan", "geneve", "gtp", "teredo", "ayiya", "capwap.data",
    "data"};
static_assert(kProtocolNames.back() == "data", "a protocol without a name");

constexpr std::string_view name(Protocol protocol) noexcept { return kProtocolNames[static_cast<size_t>(protocol)]; }

}  // namespace wirewatch
