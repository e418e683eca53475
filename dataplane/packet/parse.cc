// SPDX-License-Identifier: BSD-3-Clause
// The headers of most frames, in one place so that the compiler sees the walk whole: Ethernet, VLAN, IP, TCP, UDP. Frames
// without anything special about them take a shorter way, see plain_frame.h.
#include "dataplane/packet/parse.h"

#include "dataplane/base/prefetch.h"
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/link_header.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/plain_frame.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;
using transport_number::kUdp;

/// RFC 8200 4.2: type, length, value, except for the one-byte Pad1. None may reach past the header.
bool options_fit(const uint8_t* options, size_t length) noexcept {
  for (size_t at = 0; at < length;) {
    if (options[at] == 0) {
      ++at;
      continue;
    }
    if (at + 1 >= length) return true;  // a type without a length at the very end: tolerated, as by tshark
    at += 2u + options[at + 1];
    if (at > length) return false;
  }
  return true;
}

}  // namespace

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

void Parser::note_ip(IpFamily family, size_t offset) noexcept {
  ++ip_headers_;
  const auto at = static_cast<uint16_t>(std::min<size_t>(offset, 0xffff));
  if (ip_headers_ == 1) {
    layers_.outer_family = family;
    layers_.outer_offset = at;
  }
  layers_.tunneled = ip_headers_ > 1;
  layers_.inner_family = family;
  layers_.inner_offset = at;
  more_fragments_ = false;
}

/// The destinations table wants the ports right behind the outermost IP header.
void Parser::note_ports(uint8_t ip_protocol, uint16_t source, uint16_t destination) noexcept {
  if (ip_headers_ != 1) return;
  layers_.outer_ip_protocol = ip_protocol;
  layers_.outer_source_port = source;
  layers_.outer_destination_port = destination;
}

void Parser::note_flow(uint8_t ip_protocol, uint16_t source, uint16_t destination) noexcept {
  if (ip_headers_ == 0) return;
  const uint8_t* header = data_ + layers_.inner_offset;
  const bool v4 = layers_.inner_family == IpFamily::V4;
  OrderedEnds ends = v4 ? order_ends<IpFamily::V4>(header, ip_protocol, source, destination)
                        : order_ends<IpFamily::V6>(header, ip_protocol, source, destination);
  if (options_.vlan_in_key) ends.key.tell_apart(vlan_);
  if (options_.vni_in_key) ends.key.vni = vni_;
  layers_.take(ends);
}

void Parser::note_payload(size_t offset) noexcept {
  layers_.payload_layer = layers_.depth;
  layers_.payload_offset = static_cast<uint32_t>(offset);
  layers_.payload_captured = static_cast<uint32_t>(end_ - offset);
  layers_.payload_length = static_cast<uint32_t>(wire_end_ - offset);
}

Protocol Parser::by_ip_protocol(uint8_t number, IpFamily family) noexcept {
  constexpr uint8_t kIcmp = 1, kIcmpv6 = 58;
  const bool wrong_family = (family == IpFamily::V4 && number == kIcmpv6) || (family == IpFamily::V6 && number == kIcmp);
  const Protocol next = wrong_family ? Protocol::None : protocol_of_ip(number);
  if (next != Protocol::None) return next;
  payload_is_data();
  return stop(ParseStatus::UnknownIpProtocol);
}

/// RFC 791.
Protocol Parser::ipv4() noexcept {
  push(Protocol::Ip);
  constexpr size_t kMinimum = 20;
  if (!has(kMinimum)) return stop(ParseStatus::Ipv4Short);
  const uint8_t* header = here();
  if (header[0] >> 4 == 6) return Protocol::Ipv6;  // the announcement was wrong; tshark reads on in the same way
  if (header[0] >> 4 != 4) return stop(ParseStatus::Ipv4BadVersion);
  const size_t header_length = (header[0] & 0x0fu) * 4u;
  if (header_length < kMinimum) return stop(ParseStatus::Ipv4BadHeaderLength);
  size_t total_length = load_be16(header + 2);
  if (total_length == 0) total_length = wire_end_ - at_;  // the sender's NIC was to fill it in (TSO)
  if (total_length < header_length) return stop(ParseStatus::Ipv4BadTotalLength);
  const size_t start = at_;
  note_ip(IpFamily::V4, start);
  end_ = std::min(end_, start + total_length);
  wire_end_ = std::max(std::min(wire_end_, start + total_length), end_);
  if (!has(header_length)) return stop(ParseStatus::Ipv4Short);
  at_ += header_length;
  const uint16_t fragment = load_be16(header + 6);
  if ((fragment & 0x1fff) != 0) {
    payload_is_data();
    return stop(ParseStatus::LaterFragment);
  }
  more_fragments_ = (fragment & 0x2000) != 0;
  return by_ip_protocol(header[9], IpFamily::V4);
}

/// RFC 8200; extension headers are no layers of their own, as in tshark's hierarchy.
Protocol Parser::ipv6() noexcept {
  push(Protocol::Ipv6);
  constexpr size_t kHeader = 40;
  if (!has(kHeader)) return stop(ParseStatus::Ipv6Short);
  const uint8_t* header = here();
  if (header[0] >> 4 != 6) return stop(ParseStatus::Ipv6BadVersion);
  note_ip(IpFamily::V6, at_);
  const size_t payload_length = load_be16(header + 4);
  at_ += kHeader;
  if (payload_length != 0) {  // 0: a jumbogram, or a length left to the NIC
    end_ = std::min(end_, at_ + payload_length);
    wire_end_ = std::max(std::min(wire_end_, at_ + payload_length), end_);
  }
  uint8_t next = header[6];
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51, kNone = 59, kDestination = 60, kShim6 = 140;
  for (;;) {
    switch (next) {
      case kHopByHop:
      case kRouting:
      case kDestination:
      case kShim6: {
        if (!has(2)) return stop(ParseStatus::Ipv6ExtensionShort);
        const size_t length = (here()[1] + 1u) * 8u;
        if (!has(length)) return stop(ParseStatus::Ipv6ExtensionShort);
        const bool has_options = next == kHopByHop || next == kDestination;
        if (has_options && !options_fit(here() + 2, length - 2)) return stop(ParseStatus::Ipv6ExtensionShort);
        next = here()[0];
        at_ += length;
        continue;
      }
      case kFragment: {
        if (!has(8)) return stop(ParseStatus::Ipv6ExtensionShort);
        const uint16_t fragment = load_be16(here() + 2);
        next = here()[0];
        at_ += 8;
        if ((fragment & 0xfff8) != 0) {
          payload_is_data();
          return stop(ParseStatus::LaterFragment);
        }
        more_fragments_ = (fragment & 1) != 0;
        continue;
      }
      case kAuthentication: {  // an extension header here, and so no layer of its own as it is over IPv4
        if (!has(12)) return stop(ParseStatus::Ipv6ExtensionShort);
        const size_t length = (here()[1] + 2u) * 4u;
        if (!has(length)) return stop(ParseStatus::Ipv6ExtensionShort);
        next = here()[0];
        at_ += length;
        continue;
      }
      case kNone:
        return payload_is_data();
      default:
        return by_ip_protocol(next, IpFamily::V6);
    }
  }
}

/// RFC 9293.
Protocol Parser::tcp() noexcept {
  push(Protocol::Tcp);
  constexpr size_t kMinimum = 20;
  const uint8_t* header = here();
  if (!has(4)) return stop(ParseStatus::TcpShort);
  const uint16_t source = load_be16(header), destination = load_be16(header + 2);
  note_ports(kTcp, source, destination);
  if (!has(kMinimum)) return stop(ParseStatus::TcpShort);
  note_flow(kTcp, source, destination);
  layers_.tcp_sequence = load_be32(header + 4);
  layers_.tcp_acknowledgment = load_be32(header + 8);
  layers_.tcp_flags = header[13];
  const size_t header_length = (header[12] >> 4) * 4u;
  if (header_length < kMinimum || header_length > wire_end_ - at_) {
    note_payload(end_);
    layers_.payload_length = 0;
    return stop(ParseStatus::TcpBadOffset);
  }
  if (!has(header_length)) {  // the options were cut off
    const size_t payload_length = wire_end_ - at_ - header_length;
    note_payload(end_);
    layers_.payload_length = static_cast<uint32_t>(payload_length);
    return stop(ParseStatus::TcpShort);
  }
  note_payload(at_ + header_length);
  return Protocol::None;
}

/// RFC 768. A well-known tunnel port opens the tunnel when the bytes agree.
Protocol Parser::udp() noexcept {
  push(Protocol::Udp);
  constexpr size_t kHeader = 8;
  const uint8_t* header = here();
  if (!has(4)) return stop(ParseStatus::UdpShort);
  const uint16_t source = load_be16(header), destination = load_be16(header + 2);
  note_ports(kUdp, source, destination);
  if (!has(kHeader)) return stop(ParseStatus::UdpShort);
  note_flow(kUdp, source, destination);
  const size_t length = load_be16(header + 4);
  const size_t available = wire_end_ - at_;
  const bool whole = length == 0 || (length >= kHeader && (length <= available || more_fragments_));
  if (!whole) {
    note_payload(end_);
    layers_.payload_length = 0;
    return stop(ParseStatus::UdpBadLength);
  }
  if (length != 0 && length < available) {  // RFC 2675: 0 in a jumbogram
    end_ = std::min(end_, at_ + length);
    wire_end_ = std::max(at_ + length, end_);
  }
  at_ += kHeader;
  note_payload(at_);
  const uint16_t lower = std::min(source, destination), higher = std::max(source, destination);
  const Protocol tunnel = udp_tunnel(lower);
  return tunnel != Protocol::None ? tunnel : udp_tunnel(higher);
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
  if (packet.link_type == 1 && parse_plain_frame(packet, layers)) [[likely]] return;
  parse_header_by_header(packet, options, layers);
}

void parse_header_by_header(const Packet& packet, const ParseOptions& options, Layers& layers) noexcept {
  layers.clear();
  Parser parser(packet, options, layers);
  if (packet.link_type == 1) {
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

void parse_all(std::span<const Packet> packets, const ParseOptions& options, std::span<Layers> layers) noexcept {
  constexpr size_t kAhead = 6;
  constexpr size_t kCacheLine = 64;  // the headers of most frames reach into a second one
  for (size_t i = 0; i < packets.size(); ++i) {
    if (i + kAhead < packets.size()) {
      prefetch(packets[i + kAhead].data);
      prefetch(packets[i + kAhead].data + kCacheLine);
    }
    parse(packets[i], options, layers[i]);
  }
}

}  // namespace wirewatch
