// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/packet/parse.h"

#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/link_header.h"
#include "dataplane/packet/parser.h"

namespace wirewatch {

bool Parser::push(Protocol protocol) noexcept {
  if (layers_.depth == kMaxLayers) return false;
  layers_.protocols[layers_.depth] = protocol;
  layers_.offsets[layers_.depth] = static_cast<uint16_t>(std::min<size_t>(at_, 0xffff));
  ++layers_.depth;
  return true;
}

Protocol Parser::payload_is_data() noexcept {
  if (wire_end_ > at_) push(Protocol::Data);
  return Protocol::None;
}

Protocol Parser::by_ethertype(uint16_t ethertype) noexcept {
  const Protocol next = protocol_of_ethertype(ethertype);
  if (next != Protocol::None) return next;
  payload_is_data();
  return stop(ParseStatus::UnknownEthertype);
}

Protocol Parser::by_ip_version(uint8_t first_byte) const noexcept {
  switch (first_byte >> 4) {
    case 4:
      return Protocol::Ip;
    case 6:
      return Protocol::Ipv6;
    default:
      return Protocol::None;
  }
}

Protocol Parser::ethernet() noexcept {
  constexpr uint16_t kFabricPath = 0x8903;  // Cisco: a 16-byte outer header before the frame proper
  if (!has(14)) {
    push(Protocol::Eth);
    return stop(ParseStatus::LinkShort);
  }
  const uint16_t type = load_be16(here() + 12);
  if (type == kFabricPath && layers_.depth == 0 && has(30)) {
    push(Protocol::Cfp);
    at_ += 16;
    return Protocol::Eth;
  }
  push(Protocol::Eth);
  at_ += 14;
  if (type >= 0x0600) return by_ethertype(type);
  if (type > 1500) {
    payload_is_data();
    return stop(ParseStatus::UnknownEthertype);
  }
  end_ = std::min(end_, at_ + type);  // IEEE 802.3: a length; what follows it is padding
  wire_end_ = std::max(std::min(wire_end_, at_ + type), end_);
  if (remaining() >= 2 && load_be16(here()) == 0xffff) return Protocol::Ipx;  // Novell's raw 802.3
  return Protocol::Llc;
}

Protocol Parser::tag(Protocol protocol, size_t length, size_t ethertype_offset) noexcept {
  push(protocol);
  if (!has(length)) return stop(ParseStatus::VlanShort);
  if (protocol == Protocol::Vlan || protocol == Protocol::Ieee8021ad) {
    if (vlan_ == 0) vlan_ = static_cast<uint16_t>((load_be16(here()) & 0x0fff) + 1);
  }
  const uint16_t type = load_be16(here() + ethertype_offset);
  at_ += length;
  if (type >= 0x0600) return by_ethertype(type);
  return Protocol::Llc;
}

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
  const Protocol ip = by_ip_version(here()[0]);
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

void Parser::walk(Protocol next, size_t offset) noexcept {
  at_ = std::min(offset, end_);
  while (next != Protocol::None) {
    if (layers_.depth == kMaxLayers) {
      stop(ParseStatus::TooManyLayers);
      return;
    }
    switch (next) {
      case Protocol::Eth: next = ethernet(); break;
      case Protocol::Ip: next = ipv4(); break;
      case Protocol::Ipv6: next = ipv6(); break;
      case Protocol::Tcp: next = tcp(); break;
      case Protocol::Udp: next = udp(); break;
      case Protocol::Vlan: next = tag(Protocol::Vlan, 4, 2); break;
      case Protocol::Ieee8021ad: next = tag(Protocol::Ieee8021ad, 4, 2); break;
      case Protocol::Etag: next = tag(Protocol::Etag, 8, 6); break;
      case Protocol::Vntag: next = tag(Protocol::Vntag, 6, 4); break;
      case Protocol::Ieee8021ah: next = tag(Protocol::Ieee8021ah, 18, 16); break;
      case Protocol::Macsec: next = macsec(); break;
      case Protocol::Nsh: next = nsh(); break;
      case Protocol::Llc: next = llc(); break;
      case Protocol::Mpls: next = mpls(); break;
      case Protocol::Pppoes: next = pppoe_session(); break;
      case Protocol::Ppp: next = ppp(); break;
      case Protocol::Slow: next = slow(); break;
      case Protocol::Ah: next = ah(); break;
      case Protocol::Sctp: next = sctp(); break;
      case Protocol::Dccp: next = dccp(); break;
      case Protocol::Igmp: next = igmp(); break;
      case Protocol::Pim: next = pim(); break;
      case Protocol::Gre: next = gre(); break;
      case Protocol::Erspan: next = erspan(); break;
      case Protocol::EtherIp: next = ether_ip(); break;
      case Protocol::Vxlan: next = vxlan(); break;
      case Protocol::Geneve: next = geneve(); break;
      case Protocol::Gtp: next = gtp_user(); break;
      case Protocol::Teredo: next = teredo(); break;
      case Protocol::L2tp: next = l2tp(); break;
      case Protocol::Ayiya: next = ayiya(); break;
      case Protocol::Capwap: next = capwap(); break;
      default:  // a protocol that is named but has nothing inside that we follow
        push(next);
        next = Protocol::None;
        break;
    }
  }
}

void parse(const Packet& packet, const ParseOptions& options, Layers& layers) noexcept {
  layers = Layers{};
  Parser parser(packet, options, layers);
  if (packet.link_type == 1) [[likely]] {
    parser.walk(Protocol::Eth, 0);
  } else {
    const LinkHeader link = read_link_header(packet);
    layers.status = link.status;
    if (link.protocol == Protocol::Radiotap || link.protocol == Protocol::Wlan) {
      if (link.protocol == Protocol::Radiotap) parser.push(Protocol::Radiotap);
      parser.push(Protocol::WlanRadio);
      parser.push(Protocol::Wlan);
    } else if (link.protocol != Protocol::None) {
      parser.push(link.protocol);
    }
    if (link.next != Protocol::None) {
      parser.walk(link.next, link.offset);
    } else if (link.has_trailing_bytes) {
      parser.payload_is_data();
    }
  }
  const bool broke_off = layers.status != ParseStatus::Understood && name(layers.status).ends_with("_short");
  if (broke_off && packet.captured_length < packet.original_length) layers.status = ParseStatus::CutBySnapLength;
}

}  // namespace wirewatch
