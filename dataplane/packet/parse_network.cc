// SPDX-License-Identifier: BSD-3-Clause
// IPv4, IPv6 with its extension headers, and the transports.
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/parser.h"

namespace wirewatch {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17, kSctp = 132;

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
  FlowKey& key = layers_.key;
  key = FlowKey{};
  const uint8_t* header = data_ + layers_.inner_offset;
  int order = 0;
  const bool v4 = layers_.inner_family == IpFamily::V4;
  const uint8_t* source_address = header + (v4 ? 12 : 8);
  const uint8_t* destination_address = header + (v4 ? 16 : 24);
  const size_t length = v4 ? 4 : 16;
  order = std::memcmp(source_address, destination_address, length);
  const bool source_is_low = order < 0 || (order == 0 && source <= destination);
  if (v4) {
    std::memcpy(key.low_address.data(), source_is_low ? source_address : destination_address, 4);
    std::memcpy(key.high_address.data(), source_is_low ? destination_address : source_address, 4);
  } else {
    std::memcpy(key.low_address.data(), source_is_low ? source_address : destination_address, 16);
    std::memcpy(key.high_address.data(), source_is_low ? destination_address : source_address, 16);
  }
  key.low_port = source_is_low ? source : destination;
  key.high_port = source_is_low ? destination : source;
  key.ip_protocol = ip_protocol;
  key.family = layers_.inner_family;
  if (options_.vlan_in_key) key.vlan = vlan_;
  if (options_.vni_in_key) key.vni = vni_;
  layers_.source_is_low = source_is_low;
  layers_.has_flow = true;
  layers_.flow_hash = hash(key);
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

/// RFC 4302.
Protocol Parser::ah() noexcept {
  push(Protocol::Ah);
  if (!has(12)) return stop(ParseStatus::TunnelShort);
  const size_t length = (here()[1] + 2u) * 4u;
  const uint8_t next = here()[0];
  if (length < 12) return stop(ParseStatus::TunnelBadHeader);
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  return by_ip_protocol(next, layers_.inner_family);
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

/// RFC 9260: what a user of the association sent is in DATA chunks; the first of the packet is looked at.
Protocol Parser::sctp() noexcept {
  push(Protocol::Sctp);
  constexpr size_t kHeader = 12, kDataChunkHeader = 16;
  if (!has(4)) return stop(ParseStatus::SctpShort);
  const uint16_t source = load_be16(here()), destination = load_be16(here() + 2);
  note_ports(kSctp, source, destination);
  if (!has(kHeader)) return stop(ParseStatus::SctpShort);
  note_flow(kSctp, source, destination);
  at_ += kHeader;
  while (has(4)) {
    const uint8_t type = here()[0];
    const size_t length = load_be16(here() + 2);
    if (length < 4) break;
    if (type == 0 && length > kDataChunkHeader && has(kDataChunkHeader)) {
      end_ = std::min(end_, at_ + length);
      wire_end_ = std::max(std::min(wire_end_, at_ + length), end_);
      note_payload(at_ + kDataChunkHeader);
      return Protocol::None;
    }
    const size_t padded = (length + 3) & ~size_t{3};
    if (!has(padded)) break;
    at_ += padded;
  }
  note_payload(end_);
  layers_.payload_length = 0;
  return Protocol::None;
}

/// RFC 4340: counted with its ports, but no flow.
Protocol Parser::dccp() noexcept {
  push(Protocol::Dccp);
  if (!has(12)) return stop(ParseStatus::SctpShort);
  note_ports(33, load_be16(here()), load_be16(here() + 2));
  return Protocol::None;
}

/// Protocols that borrowed IGMP's number: DVMRP (RFC 1075), PIM version 1 and Cisco's RGMP (RFC 3488).
Protocol Parser::igmp() noexcept {
  constexpr uint8_t kDvmrp = 0x13, kPimVersion1 = 0x14, kRgmpFirst = 0xfc;
  const uint8_t type = has(1) ? here()[0] : 0;
  push(type == kDvmrp         ? Protocol::Dvmrp
       : type == kPimVersion1 ? Protocol::Pim
       : type >= kRgmpFirst   ? Protocol::Rgmp
                              : Protocol::Igmp);
  return Protocol::None;
}

/// RFC 7761 4.9.3: a Register carries the first multicast packets to the rendezvous point.
Protocol Parser::pim() noexcept {
  push(Protocol::Pim);
  constexpr uint8_t kRegister = 1;
  if (!has(9) || (here()[0] & 0x0f) != kRegister) return Protocol::None;
  at_ += 8;
  return by_ip_version(here()[0]);
}

}  // namespace wirewatch
