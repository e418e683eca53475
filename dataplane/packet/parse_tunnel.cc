// SPDX-License-Identifier: BSD-3-Clause
// Headers that carry another packet. A UDP tunnel is recognised by its port, and opened only when its own header
// could be one: a DNS answer to port 8472 must not turn into VXLAN.
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/link_header.h"
#include "dataplane/packet/parser.h"

namespace wirewatch {

Protocol Parser::udp_tunnel(uint16_t port) noexcept {
  if (!is_tunnel_port(port)) return Protocol::None;
  switch (port) {
    case 4789:
    case 8472: {
      constexpr uint8_t kVniIsValid = 0x08;
      return has(8) && (here()[0] & kVniIsValid) != 0 && here()[7] == 0 ? Protocol::Vxlan : Protocol::None;
    }
    case 6081:
      return has(8) && here()[0] >> 6 == 0 ? Protocol::Geneve : Protocol::None;
    case 2152: {
      constexpr uint8_t kGPdu = 0xff;
      return has(8) && here()[0] >> 4 == 3 && here()[1] == kGPdu ? Protocol::Gtp : Protocol::None;
    }
    case 3544:
      return Protocol::Teredo;
    case 1701: {
      constexpr uint16_t kControl = 0x8000, kVersion = 0x000f;
      const uint16_t flags = has(6) ? load_be16(here()) : kControl;
      return (flags & kControl) == 0 && (flags & kVersion) == 2 ? Protocol::L2tp : Protocol::None;
    }
    case 5072:
      return Protocol::Ayiya;
    case 5247:
      return has(8) && here()[0] == 0 ? Protocol::Capwap : Protocol::None;
    case 4754:
      return has(4) ? Protocol::Gre : Protocol::None;
    case 6635:
      return has(4) ? Protocol::Mpls : Protocol::None;
    default:
      return Protocol::None;
  }
}

/// RFC 2784, RFC 2890, and the enhanced version 1 of PPTP (RFC 2637).
Protocol Parser::gre() noexcept {
  push(Protocol::Gre);
  if (!has(4)) return stop(ParseStatus::TunnelShort);
  constexpr uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000, kAcknowledgment = 0x0080;
  const uint16_t flags = load_be16(here());
  const uint16_t type = load_be16(here() + 2);
  const unsigned version = flags & 7u;
  if (version > 1) return stop(ParseStatus::TunnelBadHeader);
  size_t length = 4;
  if ((flags & (kChecksum | kRouting)) != 0) length += 4;
  if ((flags & kKey) != 0) length += 4;
  if ((flags & kSequence) != 0) length += 4;
  if (version == 1 && (flags & kAcknowledgment) != 0) length += 4;
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  if ((flags & kRouting) != 0) {  // source route entries until an empty one
    for (;;) {
      if (!has(4)) return stop(ParseStatus::TunnelShort);
      const uint16_t family = load_be16(here());
      const size_t entry = here()[3];
      at_ += 4;
      if (family == 0 && entry == 0) break;
      if (!has(entry)) return stop(ParseStatus::TunnelShort);
      at_ += entry;
    }
  }
  gre_flags_ = flags;
  gre_protocol_ = type;
  if (remaining() == 0) return Protocol::None;  // an acknowledgment alone, or a keepalive
  constexpr uint16_t kErspan2 = 0x88be, kErspan3 = 0x22eb, kWccp = 0x883e, kCdp = 0x2000, kNhrp = 0x2001;
  switch (type) {
    case kErspan2:
    case kErspan3:
      return Protocol::Erspan;
    case kWccp:  // a redirect header stands before the packet in version 2
      if (here()[0] >> 4 != 4) at_ += std::min<size_t>(4, remaining());
      return Protocol::Ip;
    case kCdp:
      return Protocol::Cdp;
    case kNhrp:
      return Protocol::Nhrp;
    default:
      return by_ethertype(type);
  }
}

/// draft-foschiano-erspan: type I has no header of its own (no sequence number in GRE), II has 8 bytes, III 12 or 20.
Protocol Parser::erspan() noexcept {
  push(Protocol::Erspan);
  constexpr uint16_t kSequence = 0x1000, kErspan3 = 0x22eb;
  if (gre_protocol_ != kErspan3) {
    if ((gre_flags_ & kSequence) == 0) return Protocol::Eth;
    if (!has(8)) return stop(ParseStatus::TunnelShort);
    at_ += 8;
    return Protocol::Eth;
  }
  if (!has(12)) return stop(ParseStatus::TunnelShort);
  const bool platform_header = (here()[11] & 1) != 0;
  const size_t length = platform_header ? 20 : 12;
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  return Protocol::Eth;
}

/// RFC 3378.
Protocol Parser::ether_ip() noexcept {
  push(Protocol::EtherIp);
  if (!has(2)) return stop(ParseStatus::TunnelShort);
  if (here()[0] >> 4 != 3) return stop(ParseStatus::TunnelBadHeader);
  at_ += 2;
  return Protocol::Eth;
}

/// RFC 7348.
Protocol Parser::vxlan() noexcept {
  push(Protocol::Vxlan);
  vni_ = load_be24(here() + 4) + 1;
  at_ += 8;
  return Protocol::Eth;
}

/// RFC 8926.
Protocol Parser::geneve() noexcept {
  push(Protocol::Geneve);
  const size_t options_length = (here()[0] & 0x3fu) * 4u;
  const uint16_t type = load_be16(here() + 2);
  vni_ = load_be24(here() + 4) + 1;
  if (!has(8 + options_length)) return stop(ParseStatus::TunnelShort);
  at_ += 8 + options_length;
  if (remaining() == 0) return Protocol::None;
  return by_ethertype(type);
}

/// 3GPP TS 29.281: a G-PDU, its optional fields and extension headers, then the subscriber's packet in the clear.
Protocol Parser::gtp_user() noexcept {
  const uint8_t flags = here()[0];
  size_t offset = at_ + 8;
  if ((flags & 7) != 0) {
    if (end_ - at_ < 12) return Protocol::None;
    offset += 4;
    uint8_t extension = data_[offset - 1];
    if ((flags & 4) == 0) extension = 0;
    while (extension != 0) {
      if (offset >= end_) return Protocol::None;
      const size_t length = data_[offset] * 4u;
      if (length == 0 || length > end_ - offset) return Protocol::None;
      extension = data_[offset + length - 1];
      offset += length;
    }
  }
  if (offset >= end_) return Protocol::None;
  const Protocol next = protocol_of_ip_version(data_[offset]);
  if (next == Protocol::None) return Protocol::None;  // PPP or encrypted: the outer UDP flow keeps the frame
  push(Protocol::Gtp);
  at_ = offset;
  return next;
}

/// RFC 4380: optional authentication and origin indications, then IPv6.
Protocol Parser::teredo() noexcept {
  size_t offset = at_;
  constexpr uint16_t kAuthentication = 1, kOrigin = 0;
  if (end_ - offset >= 4 && load_be16(data_ + offset) == kAuthentication) {
    offset += 4u + data_[offset + 2] + data_[offset + 3] + 9u;
    if (offset > end_) return Protocol::None;
  }
  if (end_ - offset >= 8 && load_be16(data_ + offset) == kOrigin) offset += 8;
  if (end_ - offset < 40 || data_[offset] >> 4 != 6) return Protocol::None;
  push(Protocol::Teredo);
  at_ = offset;
  return Protocol::Ipv6;
}

/// RFC 2661 3.1: a data message carries PPP. L2TPv3 right over IP has nothing we follow.
Protocol Parser::l2tp() noexcept {
  push(Protocol::L2tp);
  if (layers_.depth < 2 || layers_.protocols[layers_.depth - 2u] != Protocol::Udp) return Protocol::None;
  constexpr uint16_t kLength = 0x4000, kSequence = 0x0800, kOffset = 0x0200;
  const uint16_t flags = load_be16(here());
  size_t length = 6;
  if ((flags & kLength) != 0) length += 2;
  if ((flags & kSequence) != 0) length += 4;
  if ((flags & kOffset) != 0) {
    if (!has(length + 2)) return stop(ParseStatus::TunnelShort);
    length += 2u + load_be16(here() + length);
  }
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  return remaining() > 0 ? Protocol::Ppp : Protocol::None;
}

/// draft-massar-v6ops-ayiya: identity and signature, in units given in the header, then the packet.
Protocol Parser::ayiya() noexcept {
  if (!has(8)) return Protocol::None;
  constexpr uint8_t kForward = 1, kIpv6 = 41;
  const size_t identity = size_t{1} << (here()[0] >> 4);
  const size_t signature = (here()[1] >> 4) * 4u;
  const uint8_t operation = here()[2] & 0x0f, next = here()[3];
  const size_t length = 8 + identity + signature;
  if (!has(length)) return Protocol::None;
  push(Protocol::Ayiya);
  at_ += length;
  return operation == kForward && next == kIpv6 && remaining() > 0 ? Protocol::Ipv6 : Protocol::None;
}

/// RFC 5415 4.3: an Ethernet frame, or with the T bit the wireless one.
Protocol Parser::capwap() noexcept {
  push(Protocol::Capwap);
  const size_t length = (here()[1] >> 3) * 4u;
  const bool native = (here()[2] & 0x01) != 0, fragment = (here()[3] & 0x80) != 0;
  const bool later_fragment = fragment && (load_be16(here() + 6) & 0xfff8) != 0;
  if (length < 8) return stop(ParseStatus::TunnelBadHeader);
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  if (later_fragment || remaining() == 0) return payload_is_data();
  if (!native) return Protocol::Eth;
  const LinkHeader wlan = read_wlan({data_, end_}, at_, true);
  push(Protocol::Wlan);
  if (wlan.status != ParseStatus::Understood) return stop(ParseStatus::TunnelShort);
  at_ = wlan.next == Protocol::None ? at_ : wlan.offset;
  return wlan.next;
}

}  // namespace wirewatch
