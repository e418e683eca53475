// SPDX-License-Identifier: BSD-3-Clause
// What stands between Ethernet and IP now and then: LLC, MPLS, PPP, MACsec and the like.
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/parser.h"

namespace wirewatch {

/// IEEE 802.1AE: what is only authenticated can be read on; the integrity check value is a trailer.
Protocol Parser::macsec() noexcept {
  push(Protocol::Macsec);
  if (!has(6)) return stop(ParseStatus::VlanShort);
  const uint8_t control = here()[0];
  constexpr uint8_t kSci = 0x20, kEncrypted = 0x08, kChanged = 0x04;
  const size_t length = (control & kSci) != 0 ? 14 : 6;
  if (!has(length + 2)) return stop(ParseStatus::VlanShort);
  at_ += length;
  if ((control & (kEncrypted | kChanged)) != 0) return payload_is_data();
  const uint16_t type = load_be16(here());
  at_ += 2;
  return by_ethertype(type);
}

/// RFC 8300.
Protocol Parser::nsh() noexcept {
  push(Protocol::Nsh);
  if (!has(8)) return stop(ParseStatus::TunnelShort);
  const size_t length = (here()[1] & 0x3fu) * 4u;
  const uint8_t next = here()[3];
  if (length < 8) return stop(ParseStatus::TunnelBadHeader);
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  switch (next) {
    case 1:
      return Protocol::Ip;
    case 2:
      return Protocol::Ipv6;
    case 3:
      return Protocol::Eth;
    case 5:
      return Protocol::Mpls;
    default:
      return payload_is_data();
  }
}

Protocol Parser::llc() noexcept {
  push(Protocol::Llc);
  if (!has(3)) return stop(ParseStatus::LlcShort);
  const uint8_t destination = here()[0];
  const bool unnumbered = (here()[2] & 3) == 3;
  if (destination == 0xaa && here()[1] == 0xaa && unnumbered) return snap();
  const size_t length = unnumbered ? 3 : 4;
  if (!has(length)) return stop(ParseStatus::LlcShort);
  at_ += length;
  switch (destination) {
    case 0x42:
      return Protocol::Stp;
    case 0xfe:  // ISO network layer; the first byte tells which
      return has(1) && here()[0] == 0x83 ? Protocol::Isis : Protocol::Osi;
    case 0xe0:
      return Protocol::Ipx;
    case 0xf0:
      return Protocol::NetBeui;
    case 0x06:
      return Protocol::Ip;
    default:
      payload_is_data();
      return stop(ParseStatus::UnknownLlc);
  }
}

Protocol Parser::snap() noexcept {
  if (!has(8)) return stop(ParseStatus::LlcShort);
  const uint32_t organization = load_be24(here() + 3);
  const uint16_t type = load_be16(here() + 6);
  at_ += 8;
  constexpr uint32_t kEncapsulatedEthernet = 0x000000, kBridgeTunnel = 0x0000f8, kCisco = 0x00000c, k8021 = 0x0080c2;
  if (organization == kEncapsulatedEthernet || organization == kBridgeTunnel) return by_ethertype(type);
  if (organization == kCisco && type == 0x2000) return Protocol::Cdp;
  if (organization == kCisco && type == 0x010b) return Protocol::Stp;
  if (organization == k8021 && (type == 0x0001 || type == 0x0007)) return Protocol::Eth;
  if (organization == k8021 && type == 0x000e) return Protocol::Stp;
  payload_is_data();
  return stop(ParseStatus::UnknownLlc);
}

/// RFC 3032: each label is a layer, as in tshark's hierarchy; below the last the first nibble tells IPv4, IPv6 or a
/// pseudowire (RFC 4385).
Protocol Parser::mpls() noexcept {
  push(Protocol::Mpls);
  if (!has(4)) return stop(ParseStatus::MplsShort);
  const bool bottom = (here()[2] & 1) != 0;
  at_ += 4;
  if (!bottom) return Protocol::Mpls;
  if (!has(1)) return Protocol::None;
  const Protocol ip = protocol_of_ip_version(here()[0]);
  if (ip != Protocol::None) return ip;
  if (here()[0] >> 4 != 0) return payload_is_data();
  push(Protocol::PwEthCw);
  if (!has(4)) return stop(ParseStatus::MplsShort);
  push(Protocol::PwEthControlWord);
  at_ += 4;
  return Protocol::Eth;
}

/// RFC 2516: the length bounds what belongs to the session, the rest is Ethernet padding.
Protocol Parser::pppoe_session() noexcept {
  push(Protocol::Pppoes);
  if (!has(6)) return stop(ParseStatus::PppShort);
  const size_t length = load_be16(here() + 4);
  at_ += 6;
  end_ = std::min(end_, at_ + length);
  wire_end_ = std::max(std::min(wire_end_, at_ + length), end_);
  return Protocol::Ppp;
}

Protocol Parser::ppp() noexcept {
  if (has(2) && load_be16(here()) == 0xff03) at_ += 2;  // address and control field, not compressed
  push(Protocol::Ppp);
  if (!has(1)) return stop(ParseStatus::PppShort);
  uint16_t number = here()[0];
  if (number & 1) {  // RFC 1661 6.5: a compressed protocol field is odd and one byte
    at_ += 1;
  } else {
    if (!has(2)) return stop(ParseStatus::PppShort);
    number = load_be16(here());
    at_ += 2;
  }
  const Protocol next = protocol_of_ppp(number);
  if (next != Protocol::None) return next;
  payload_is_data();
  return stop(ParseStatus::UnknownPpp);
}

Protocol Parser::slow() noexcept {
  push(Protocol::Slow);
  constexpr uint8_t kLacp = 1;
  if (has(1) && here()[0] == kLacp) push(Protocol::Lacp);
  return Protocol::None;
}

}  // namespace wirewatch
