// SPDX-License-Identifier: BSD-3-Clause
// IPv4, IPv6 and its extension headers, ICMP, IGMP, GRE and AH.
#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/filter/dissect.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch::filter {
namespace {

void address_text(const IpAddress& address, FieldId own, FieldId either, FieldSink& sink) noexcept {
  if (!sink.wants(own) && !sink.wants(either)) return;
  const auto room = sink.text(48);
  if (room.empty()) return;
  const auto text = sink.keep(address.format(reinterpret_cast<char*>(room.data())));
  sink.add(own, text);
  sink.add(either, text);
}

}  // namespace

void dissect_ip(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.empty()) return;
  sink.add("ip.hdr_len"_f, (bytes[0] & 0x0fu) * 4u);
  if (bytes.size() >= 4) {
    const size_t total = load_be16(bytes.data() + 2);
    sink.add("ip.len"_f, total != 0 ? total : header.wire_length & 0xffff);
  }
  if (bytes.size() >= 16) {
    sink.add("ip.addr"_f, load_be32(bytes.data() + 12));
    address_text(IpAddress::v4(bytes.data() + 12), "ip.src_host"_f, "ip.host"_f, sink);
  }
  if (bytes.size() >= 20) {
    sink.add("ip.addr"_f, load_be32(bytes.data() + 16));
    address_text(IpAddress::v4(bytes.data() + 16), "ip.dst_host"_f, "ip.host"_f, sink);
  }
}

/// RFC 8200.
void dissect_ipv6(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  constexpr size_t kHeader = 40;
  if (bytes.size() < kHeader) return;
  sink.add("ip.version"_f, bytes[0] >> 4);  // Wireshark lets it ask for either version
  sink.add("ipv6.addr"_f, bytes.subspan(8, 16));
  sink.add("ipv6.addr"_f, bytes.subspan(24, 16));
  address_text(IpAddress::v6(bytes.data() + 8), "ipv6.src_host"_f, "ipv6.host"_f, sink);
  address_text(IpAddress::v6(bytes.data() + 24), "ipv6.dst_host"_f, "ipv6.host"_f, sink);
  uint8_t next = bytes[6];
  size_t at = kHeader;
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51, kDestination = 60, kShim6 = 140;
  while (bytes.size() >= at + 8) {
    const uint8_t* extension = bytes.data() + at;
    const size_t length = next == kFragment         ? 8
                          : next == kAuthentication ? (extension[1] + 2u) * 4u
                                                    : (extension[1] + 1u) * 8u;
    const auto whole = bytes.subspan(at, std::min(length, bytes.size() - at));
    switch (next) {
      case kHopByHop: sink.add_protocol("ipv6.hopopts"_f, whole); break;
      case kDestination: sink.add_protocol("ipv6.dstopts"_f, whole); break;
      case kRouting:
        sink.add_protocol("ipv6.routing"_f, whole);
        sink.add("ipv6.routing.type"_f, extension[2]);
        sink.add("ipv6.routing.segleft"_f, extension[3]);
        break;
      case kFragment:
        sink.add_protocol("ipv6.fraghdr"_f, whole);
        sink.add("ipv6.fraghdr.offset"_f, load_be16(extension + 2) >> 3);
        sink.add("ipv6.fraghdr.more"_f, extension[3] & 1u);
        sink.add("ipv6.fraghdr.ident"_f, load_be32(extension + 4));
        if ((load_be16(extension + 2) & 0xfff8) != 0) return;  // what follows is not a header
        break;
      case kAuthentication:
        sink.add_protocol("ah"_f, whole);
        dissect_ah({whole, whole.size(), 0, header.quoted, header.overlong}, sink);
        break;
      case kShim6: break;
      default: return;
    }
    next = extension[0];
    at += length;
  }
}

/// RFC 792.
void dissect_icmp(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 8) return;
  constexpr uint8_t kEchoReply = 0, kUnreachable = 3, kRedirect = 5, kEcho = 8, kFirstPair = 13, kLastPair = 18;
  const uint8_t type = bytes[0], code = bytes[1];
  const uint8_t* at = bytes.data();
  if (type == kEchoReply || type == kEcho || (type >= kFirstPair && type <= kLastPair)) {
    sink.add("icmp.ident"_f, load_be16(at + 4));
    sink.add("icmp.ident_le"_f, load_le16(at + 4));
    sink.add("icmp.seq"_f, load_be16(at + 6));
    sink.add("icmp.seq_le"_f, load_le16(at + 6));
  }
  constexpr uint8_t kFragmentationNeeded = 4;
  if (type == kUnreachable && code == kFragmentationNeeded) sink.add("icmp.mtu"_f, load_be16(at + 6));
  if (type == kRedirect) sink.add("icmp.redir_gw"_f, load_be32(at + 4));
}

/// RFC 4443, and neighbour discovery (RFC 4861).
void dissect_icmpv6(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 8) return;
  constexpr uint8_t kTooBig = 2, kEchoRequest = 128, kEchoReply = 129;
  constexpr uint8_t kRouterSolicitation = 133, kRouterAdvertisement = 134, kSolicitation = 135, kAdvertisement = 136,
                    kRedirect = 137;
  const uint8_t* at = bytes.data();
  size_t options = 0;
  switch (bytes[0]) {
    case kTooBig: sink.add("icmpv6.mtu"_f, load_be32(at + 4)); break;
    case kEchoRequest:
    case kEchoReply:
      sink.add("icmpv6.echo.identifier"_f, load_be16(at + 4));
      sink.add("icmpv6.echo.sequence_number"_f, load_be16(at + 6));
      break;
    case kRouterSolicitation: options = 8; break;
    case kRouterAdvertisement:
      sink.add("icmpv6.nd.ra.router_lifetime"_f, load_be16(at + 6));
      options = 16;
      break;
    case kSolicitation:
      if (bytes.size() >= 24) sink.add("icmpv6.nd.ns.target_address"_f, bytes.subspan(8, 16));
      options = 24;
      break;
    case kAdvertisement:
      sink.add("icmpv6.nd.na.flag.r"_f, (at[4] & 0x80) != 0);
      sink.add("icmpv6.nd.na.flag.s"_f, (at[4] & 0x40) != 0);
      sink.add("icmpv6.nd.na.flag.o"_f, (at[4] & 0x20) != 0);
      if (bytes.size() >= 24) sink.add("icmpv6.nd.na.target_address"_f, bytes.subspan(8, 16));
      options = 24;
      break;
    case kRedirect: options = 40; break;
    default: break;
  }
  if (options == 0) return;
  while (bytes.size() >= options + 2) {
    const uint8_t type = bytes[options], units = bytes[options + 1];
    const size_t length = units * 8u;
    sink.add("icmpv6.opt.type"_f, type);
    sink.add("icmpv6.opt.length"_f, units);
    if (length == 0 || bytes.size() < options + length) return;
    constexpr uint8_t kSourceLinkAddress = 1, kTargetLinkAddress = 2;
    if ((type == kSourceLinkAddress || type == kTargetLinkAddress) && units == 1) {
      sink.add("icmpv6.opt.linkaddr"_f, bytes.subspan(options + 2, 6));
    }
    options += length;
  }
}

/// RFC 1112, 2236 and 3376: version 3 has no field of its own for the version.
void dissect_igmp(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 8) return;
  constexpr uint8_t kQuery = 0x11, kReport1 = 0x12, kReport3 = 0x22;
  const uint8_t type = bytes[0];
  const uint64_t version = type == kReport3                     ? 3
                           : type == kReport1                   ? 1
                           : type != kQuery                     ? 2
                           : bytes.size() >= 12                 ? 3
                           : bytes[1] == 0                      ? 1
                                                                : 2;
  sink.add("igmp.version"_f, version);
  if (type != kReport3) {
    sink.add("igmp.maddr"_f, load_be32(bytes.data() + 4));
    return;
  }
  size_t at = 8;
  for (unsigned left = load_be16(bytes.data() + 6); left > 0 && bytes.size() >= at + 8; --left) {
    sink.add("igmp.maddr"_f, load_be32(bytes.data() + at + 4));
    at += 8 + load_be16(bytes.data() + at + 2) * 4u + bytes[at + 1] * 4u;
  }
}

/// RFC 2784, 2890, and version 1 of PPTP (RFC 2637).
void dissect_gre(const Header& header, FieldSink& sink) noexcept {
  ByteReader reader(header.bytes);
  const auto flags = reader.be16();
  const auto type = reader.be16();
  if (!flags || !type) return;
  constexpr uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000, kAcknowledgment = 0x0080,
                     kPptp = 0x880b;
  if ((*flags & (kChecksum | kRouting)) != 0 && !reader.skip(4)) return;
  if ((*flags & kKey) != 0) {
    const auto key = reader.be32();
    if (!key) return;
    const bool enhanced = (*flags & 7) == 1 && *type == kPptp;
    if (enhanced) sink.add("gre.key.call_id"_f, *key & 0xffff);
    if (!enhanced) sink.add("gre.key"_f, *key);
  }
  if ((*flags & kSequence) != 0) {
    const auto sequence = reader.be32();
    if (!sequence) return;
    sink.add("gre.sequence_number"_f, *sequence);
  }
  if ((*flags & 7) == 1 && (*flags & kAcknowledgment) != 0) {
    if (const auto acknowledged = reader.be32()) sink.add("gre.ack_number"_f, *acknowledged);
  }
}

/// RFC 4302.
void dissect_ah(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 12) return;
  sink.add("ah.next_header"_f, bytes[0]);
  sink.add("ah.length"_f, bytes[1]);
  sink.add("ah.spi"_f, load_be32(bytes.data() + 4));
  sink.add("ah.sequence"_f, load_be32(bytes.data() + 8));
}

}  // namespace wirewatch::filter
