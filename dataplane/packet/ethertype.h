// SPDX-License-Identifier: BSD-3-Clause
// EtherTypes, PPP protocols and IP protocols (IANA registries) to the protocols the parser follows or names.
#pragma once

#include <cstdint>

#include "dataplane/packet/protocol.h"

namespace wirewatch {

constexpr Protocol protocol_of_ethertype(uint16_t ethertype) noexcept {
  switch (ethertype) {
    case 0x0800: return Protocol::Ip;
    case 0x86dd: return Protocol::Ipv6;
    case 0x0806: return Protocol::Arp;
    case 0x8035: return Protocol::Rarp;
    case 0x8100: return Protocol::Vlan;
    case 0x88a8: return Protocol::Ieee8021ad;
    case 0x9100: return Protocol::Vlan;
    case 0x88e7: return Protocol::Ieee8021ah;
    case 0x893f: return Protocol::Etag;
    case 0x8926: return Protocol::Vntag;
    case 0x88e5: return Protocol::Macsec;
    case 0x894f: return Protocol::Nsh;
    case 0x8847: return Protocol::Mpls;
    case 0x8848: return Protocol::Mpls;
    case 0x8863: return Protocol::Pppoed;
    case 0x8864: return Protocol::Pppoes;
    case 0x880b: return Protocol::Ppp;
    case 0x6558: return Protocol::Eth;
    case 0x88cc: return Protocol::Lldp;
    case 0x8809: return Protocol::Slow;
    case 0x888e: return Protocol::Eapol;
    case 0x9000: return Protocol::Loop;
    case 0x8902: return Protocol::Cfm;
    case 0x88f7: return Protocol::Ptp;
    case 0x88b8: return Protocol::Goose;
    case 0x88ba: return Protocol::SampledValues;
    case 0x8892: return Protocol::Profinet;
    case 0x88a4: return Protocol::Ethercat;
    case 0x0842: return Protocol::WakeOnLan;
    case 0x8137: return Protocol::Ipx;
    default: return Protocol::None;
  }
}

/// RFC 1661 protocol field; numbers from the IANA "PPP DLL Protocol Numbers".
constexpr Protocol protocol_of_ppp(uint16_t number) noexcept {
  switch (number) {
    case 0x0021: return Protocol::Ip;
    case 0x0057: return Protocol::Ipv6;
    case 0x0281: return Protocol::Mpls;
    case 0x0283: return Protocol::Mpls;
    default: return Protocol::None;
  }
}

constexpr Protocol protocol_of_ip(uint8_t number) noexcept {
  switch (number) {
    case 1: return Protocol::Icmp;
    case 2: return Protocol::Igmp;
    case 4: return Protocol::Ip;
    case 6: return Protocol::Tcp;
    case 17: return Protocol::Udp;
    case 33: return Protocol::Dccp;
    case 41: return Protocol::Ipv6;
    case 46: return Protocol::Rsvp;
    case 47: return Protocol::Gre;
    case 50: return Protocol::Esp;
    case 51: return Protocol::Ah;
    case 54: return Protocol::Nhrp;
    case 58: return Protocol::Icmpv6;
    case 88: return Protocol::Eigrp;
    case 89: return Protocol::Ospf;
    case 97: return Protocol::EtherIp;
    case 103: return Protocol::Pim;
    case 108: return Protocol::Ipcomp;
    case 112: return Protocol::Vrrp;
    case 113: return Protocol::Pgm;
    case 115: return Protocol::L2tp;
    case 124: return Protocol::Isis;
    case 132: return Protocol::Sctp;
    case 135: return Protocol::Mipv6;
    case 136: return Protocol::UdpLite;
    case 137: return Protocol::Mpls;
    case 139: return Protocol::Hip;
    case 143: return Protocol::Eth;
    default: return Protocol::None;
  }
}

/// The version field of an IP header, for carriers that do not say which of the two follows.
constexpr Protocol protocol_of_ip_version(uint8_t first_byte) noexcept {
  switch (first_byte >> 4) {
    case 4: return Protocol::Ip;
    case 6: return Protocol::Ipv6;
    default: return Protocol::None;
  }
}

/// UDP ports on which a tunnel may be found: what Parser::udp_tunnel looks at.
constexpr bool is_tunnel_port(uint16_t port) noexcept {
  switch (port) {
    case 1701:  // L2TP
    case 2152:  // GTP-U
    case 3544:  // Teredo
    case 4754:  // GRE in UDP
    case 4789:  // VXLAN,
    case 8472:  // and Linux' number for it from before the assignment
    case 5072:  // AYIYA
    case 5247:  // CAPWAP
    case 6081:  // GENEVE
    case 6635:  // MPLS in UDP
      return true;
    default:
      return false;
  }
}

}  // namespace wirewatch
