// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/packet/link_header.h"

#include <utility>

#include "dataplane/base/byte_reader.h"
#include "dataplane/packet/ethertype.h"

namespace wirewatch {
namespace {

LinkHeader short_header(Protocol protocol) noexcept {
  return {.protocol = protocol, .status = ParseStatus::LinkShort};
}

LinkHeader by_ethertype(Protocol protocol, uint16_t ethertype, size_t offset) noexcept {
  const Protocol next = protocol_of_ethertype(ethertype);
  return {.protocol = protocol,
          .next = next,
          .offset = offset,
          .has_trailing_bytes = next == Protocol::None,
          .status = next == Protocol::None ? ParseStatus::UnknownEthertype : ParseStatus::Understood};
}

LinkHeader by_ip_version(Protocol protocol, std::span<const uint8_t> bytes, size_t offset) noexcept {
  if (bytes.size() <= offset) return short_header(protocol);
  const Protocol next = protocol_of_ip_version(bytes[offset]);
  return {.protocol = protocol,
          .next = next,
          .offset = offset,
          .has_trailing_bytes = next == Protocol::None,
          .status = next == Protocol::None ? ParseStatus::UnknownEthertype : ParseStatus::Understood};
}

/// BSD loopback: an address family in the byte order of the machine that captured; OpenBSD's LOOP is big-endian.
LinkHeader read_null(std::span<const uint8_t> bytes) noexcept {
  ByteReader reader(bytes);
  const auto raw = reader.le32();
  if (!raw) return short_header(Protocol::Null);
  const uint32_t family = (*raw & 0xffff) != 0 ? *raw : __builtin_bswap32(*raw);
  switch (family) {
    case 2:  // AF_INET everywhere
      return {.protocol = Protocol::Null, .next = Protocol::Ip, .offset = 4};
    case 10:  // AF_INET6 of Linux,
    case 23:  // Windows,
    case 24:  // NetBSD, OpenBSD and BSD/OS,
    case 28:  // FreeBSD and DragonFly,
    case 30:  // Darwin
      return {.protocol = Protocol::Null, .next = Protocol::Ipv6, .offset = 4};
    default:  // some writers leave an EtherType in the last two bytes
      return by_ethertype(Protocol::Null, load_be16(bytes.data() + 2), 4);
  }
}

/// Linux "cooked" capture, both versions: the protocol is an EtherType unless the kernel had none for the frame.
LinkHeader cooked(std::span<const uint8_t> bytes, size_t protocol_offset, size_t hardware_offset, size_t length) noexcept {
  if (bytes.size() < length) return short_header(Protocol::Sll);
  const uint16_t number = load_be16(bytes.data() + protocol_offset);
  constexpr uint16_t kRaw8023 = 0x0001, k8022 = 0x0004;
  constexpr uint16_t kHardwareIpGre = 778;
  if (load_be16(bytes.data() + hardware_offset) == kHardwareIpGre) return by_ethertype(Protocol::Sll, number, length);
  if (number == k8022) return {.protocol = Protocol::Sll, .next = Protocol::Llc, .offset = length};
  if (number == kRaw8023) return {.protocol = Protocol::Sll, .next = Protocol::Ipx, .offset = length};
  return by_ethertype(Protocol::Sll, number, length);
}

LinkHeader read_ppp(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < 2) return short_header(Protocol::Ppp);
  constexpr uint8_t kCiscoUnicast = 0x0f, kCiscoMulticast = 0x8f;
  if (bytes[0] == kCiscoUnicast || bytes[0] == kCiscoMulticast) {
    if (bytes.size() < 4) return short_header(Protocol::Chdlc);
    return by_ethertype(Protocol::Chdlc, load_be16(bytes.data() + 2), 4);
  }
  const bool has_address = bytes[0] == 0xff && bytes[1] == 0x03;  // RFC 1662 3.1
  return {.protocol = Protocol::None, .next = Protocol::Ppp, .offset = has_address ? 2u : 0u};
}

LinkHeader read_chdlc(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < 4) return short_header(Protocol::Chdlc);
  const uint16_t number = load_be16(bytes.data() + 2);
  constexpr uint16_t kSlarp = 0x8035;  // Cisco's keepalives share RARP's number
  if (number == kSlarp) return {.protocol = Protocol::Chdlc, .next = Protocol::Slarp, .offset = 4};
  return by_ethertype(Protocol::Chdlc, number, 4);
}

/// RFC 2427: Q.922 address, control 0x03, NLPID; or Cisco's two-byte EtherType in its place.
LinkHeader read_frame_relay(std::span<const uint8_t> bytes) noexcept {
  size_t offset = 0;
  while (offset < bytes.size() && offset < 4 && (bytes[offset] & 1) == 0) ++offset;
  ++offset;
  if (bytes.size() < offset + 2) return short_header(Protocol::FrameRelay);
  if (bytes[offset] != 0x03) return by_ethertype(Protocol::FrameRelay, load_be16(bytes.data() + offset), offset + 2);
  ++offset;
  if (bytes[offset] == 0x00) ++offset;  // pad before the NLPID
  if (bytes.size() <= offset) return short_header(Protocol::FrameRelay);
  switch (bytes[offset]) {
    case 0xcc:
      return {.protocol = Protocol::FrameRelay, .next = Protocol::Ip, .offset = offset + 1};
    case 0x8e:
      return {.protocol = Protocol::FrameRelay, .next = Protocol::Ipv6, .offset = offset + 1};
    case 0x80:
      if (bytes.size() < offset + 6) return short_header(Protocol::FrameRelay);
      return by_ethertype(Protocol::FrameRelay, load_be16(bytes.data() + offset + 4), offset + 6);
    default:
      return {.protocol = Protocol::FrameRelay,
              .offset = offset + 1,
              .has_trailing_bytes = true,
              .status = ParseStatus::UnknownEthertype};
  }
}

/// ARCNET as Linux captures it: the protocol IDs of RFC 1051 and RFC 1201.
LinkHeader read_arcnet(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < 5) return short_header(Protocol::Arcnet);
  const uint8_t id = bytes[4];
  switch (id) {
    case 240:
      return {.protocol = Protocol::Arcnet, .next = Protocol::Ip, .offset = 5};
    case 241:
      return {.protocol = Protocol::Arcnet, .next = Protocol::Arp, .offset = 5};
    case 212:
    case 213:
    case 196: {  // RFC 1201: split flag and sequence number follow
      constexpr size_t kLength = 8;
      if (bytes.size() < kLength) return short_header(Protocol::Arcnet);
      const Protocol next = id == 212 ? Protocol::Ip : id == 213 ? Protocol::Arp : Protocol::Ipv6;
      return {.protocol = Protocol::Arcnet, .next = next, .offset = kLength};
    }
    default:
      return {.protocol = Protocol::Arcnet,
              .offset = 5,
              .has_trailing_bytes = true,
              .status = ParseStatus::UnknownEthertype};
  }
}

/// Solaris IPNET: a 24-byte header whose second byte is the address family.
LinkHeader read_ipnet(std::span<const uint8_t> bytes) noexcept {
  constexpr size_t kLength = 24;
  if (bytes.size() < kLength) return short_header(Protocol::Ipnet);
  return by_ip_version(Protocol::Ipnet, bytes, kLength);
}

LinkHeader read_ip_over_ib(std::span<const uint8_t> bytes) noexcept {
  constexpr size_t kPseudoHeader = 40;  // GRH-like pseudo header, then RFC 4391's four bytes
  if (bytes.size() < kPseudoHeader + 4) return short_header(Protocol::IpOverIb);
  return by_ethertype(Protocol::IpOverIb, load_be16(bytes.data() + kPseudoHeader), kPseudoHeader + 4);
}

/// NFLOG: TLVs in the capturing machine's byte order (little-endian in practice); type 9 is the packet. Like tshark's
/// hierarchy, ours has no node for it.
LinkHeader read_nflog(std::span<const uint8_t> bytes) noexcept {
  ByteReader reader(bytes);
  const auto family = reader.u8();
  if (!family || !reader.skip(3)) return short_header(Protocol::Nflog);
  constexpr uint16_t kPayload = 9;
  while (const auto length = reader.le16()) {
    const auto type = reader.le16();
    if (!type || *length < 4) break;
    if ((*type & 0x7fff) == kPayload) return by_ip_version(Protocol::None, bytes, reader.offset());
    const size_t padded = (*length + 3u) & ~size_t{3};
    if (!reader.skip(padded - 4)) break;
  }
  return short_header(Protocol::Nflog);
}

LinkHeader read_pktap(std::span<const uint8_t> bytes) noexcept {
  ByteReader reader(bytes);
  const auto length = reader.le32();
  if (!length || !reader.skip(4) || *length > bytes.size()) return short_header(Protocol::Pktap);
  const auto inner_link_type = reader.le32();
  if (!inner_link_type) return short_header(Protocol::Pktap);
  if (*inner_link_type == 1) return {.protocol = Protocol::Pktap, .next = Protocol::Eth, .offset = *length};
  return by_ip_version(Protocol::Pktap, bytes, *length);
}

/// Juniper's pcap header: magic "MGC", flags, and with flag 0x80 a length of extensions; then Ethernet.
LinkHeader read_juniper_ethernet(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < 4) return short_header(Protocol::Juniper);
  size_t offset = 4;
  if (bytes[3] & 0x80) {
    if (bytes.size() < 6) return short_header(Protocol::Juniper);
    offset = 6u + load_be16(bytes.data() + 4);
  }
  if (offset > bytes.size()) return short_header(Protocol::Juniper);
  return {.protocol = Protocol::Juniper, .next = Protocol::Eth, .offset = offset};
}

LinkHeader read_radiotap(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < 4) return short_header(Protocol::Radiotap);
  LinkHeader header = read_wlan(bytes, load_le16(bytes.data() + 2), false);
  header.protocol = Protocol::Radiotap;
  return header;
}

}  // namespace

LinkHeader read_wlan(std::span<const uint8_t> bytes, size_t offset, bool maybe_swapped) noexcept {
  if (bytes.size() < offset + 2) return short_header(Protocol::Wlan);
  uint8_t control = bytes[offset], flags = bytes[offset + 1];
  const bool bad_version = (control & 3) != 0;
  if (maybe_swapped && bad_version) std::swap(control, flags);
  const unsigned type = control >> 2 & 3u, subtype = control >> 4;
  constexpr unsigned kData = 2;
  const bool encrypted = (flags & 0x40) != 0, no_payload = (subtype & 4) != 0;
  if (type != kData || encrypted || no_payload) return {.protocol = Protocol::Wlan};
  size_t length = (flags & 3) == 3 ? 30 : 24;              // to and from a distribution system: a fourth address
  if (subtype & 8) length += (flags & 0x80) != 0 ? 6 : 2;  // QoS control, and HT control with the order bit
  if (bytes.size() < offset + length) return short_header(Protocol::Wlan);
  return {.protocol = Protocol::Wlan, .next = Protocol::Llc, .offset = offset + length};
}

LinkHeader read_link_header(const Packet& packet) noexcept {
  const auto bytes = packet.bytes();
  switch (packet.link_type) {
    case 1:
      return {.protocol = Protocol::None, .next = Protocol::Eth};
    case 0:
    case 108:
      return read_null(bytes);
    case 9:
    case 50:
      return read_ppp(bytes);
    case 10:  // FDDI: frame control and two addresses, then LLC
      if (bytes.size() < 13) return short_header(Protocol::Fddi);
      return {.protocol = Protocol::Fddi, .next = Protocol::Llc, .offset = 13};
    case 12:
    case 14:
    case 101:
      return by_ip_version(Protocol::Raw, bytes, 0);
    case 104:
      return read_chdlc(bytes);
    case 105:
      return read_wlan(bytes, 0, false);
    case 107:
      return read_frame_relay(bytes);
    case 113:
      return cooked(bytes, 14, 2, 16);
    case 127:
      return read_radiotap(bytes);
    case 129:
      return read_arcnet(bytes);
    case 178:
      return read_juniper_ethernet(bytes);
    case 226:
      return read_ipnet(bytes);
    case 228:
      return {.protocol = Protocol::None, .next = Protocol::Ip};
    case 229:
      return {.protocol = Protocol::None, .next = Protocol::Ipv6};
    case 239:
      return read_nflog(bytes);
    case 242:
      return read_ip_over_ib(bytes);
    case 258:
      return read_pktap(bytes);
    case 276:
      return cooked(bytes, 0, 8, 20);
    default:
      return {.protocol = Protocol::Unsupported, .status = ParseStatus::UnsupportedLinkType};
  }
}

}  // namespace wirewatch
