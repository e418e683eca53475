// SPDX-License-Identifier: BSD-3-Clause
// Ethernet, tags, LLC, ARP, cooked captures and PPP.
#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/filter/dissect.h"

namespace wirewatch::filter {
namespace {

constexpr uint16_t kLargestLength = 1500, kSmallestEthertype = 0x0600;  // IEEE 802.3 3.2.6

void type_or_length(std::span<const uint8_t> bytes, size_t offset, FieldId type, FieldId length, FieldSink& sink) noexcept {
  if (bytes.size() < offset + 2) return;
  const uint16_t value = load_be16(bytes.data() + offset);
  if (value >= kSmallestEthertype) sink.add(type, value);
  if (value <= kLargestLength) sink.add(length, value);
}

}  // namespace

void dissect_eth(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 12) return;
  for (const size_t offset : {0u, 6u}) {
    sink.add("eth.addr"_f, bytes.subspan(offset, 6));
    sink.add("eth.lg"_f, (bytes[offset] & 0x02) != 0);
    sink.add("eth.ig"_f, (bytes[offset] & 0x01) != 0);
  }
  type_or_length(bytes, 12, "eth.type"_f, "eth.len"_f, sink);
}

void dissect_vlan(const Header& header, FieldSink& sink) noexcept {
  type_or_length(header.bytes, 2, "vlan.etype"_f, "vlan.len"_f, sink);
}

void dissect_llc(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 3) return;
  const bool unnumbered = (bytes[2] & 3) == 3;
  if (unnumbered) sink.add("llc.control"_f, bytes[2]);
  if (!unnumbered && bytes.size() >= 4) sink.add("llc.control"_f, load_le16(bytes.data() + 2));
  constexpr uint8_t kSnap = 0xaa;
  if (bytes[0] != kSnap || bytes[1] != kSnap || !unnumbered || bytes.size() < 8) return;
  const uint32_t organisation = load_be24(bytes.data() + 3);
  sink.add("llc.oui"_f, organisation);
  if (organisation == 0 || organisation == 0x0000f8) sink.add("llc.type"_f, load_be16(bytes.data() + 6));
}

/// RFC 826.
void dissect_arp(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 8) return;
  const size_t hardware = bytes[4], protocol = bytes[5];
  const uint16_t hardware_type = load_be16(bytes.data());
  constexpr uint16_t kEthernet = 1, kIeee802 = 6, kIpv4 = 0x0800;
  const bool mac = (hardware_type == kEthernet || hardware_type == kIeee802) && hardware == 6;
  const bool ipv4 = load_be16(bytes.data() + 2) == kIpv4 && protocol == 4;
  const size_t source = 8, target = source + hardware + protocol;
  const auto address = [&](size_t at, FieldId mac_field, FieldId ip_field) {
    if (mac && bytes.size() >= at + 6) sink.add(mac_field, bytes.subspan(at, 6));
    if (ipv4 && bytes.size() >= at + hardware + 4) sink.add(ip_field, load_be32(bytes.data() + at + hardware));
  };
  address(source, "arp.src.hw_mac"_f, "arp.src.proto_ipv4"_f);
  address(target, "arp.dst.hw_mac"_f, "arp.dst.proto_ipv4"_f);
  if (!ipv4 || bytes.size() < target + hardware + 4) return;
  const uint32_t sender = load_be32(bytes.data() + source + hardware), wanted = load_be32(bytes.data() + target + hardware);
  if (sender == wanted) sink.add("arp.isgratuitous"_f, 1);
}

/// LINKTYPE_LINUX_SLL (113) and LINKTYPE_LINUX_SLL2 (276) of the pcap registry.
void dissect_sll(const Header& header, uint16_t link_type, FieldSink& sink) noexcept {
  const bool version2 = link_type == 276;
  const auto bytes = header.bytes;
  if (bytes.size() < (version2 ? 20u : 16u)) return;
  const uint8_t* at = bytes.data();
  const uint16_t hardware = version2 ? load_be16(at + 8) : load_be16(at + 2);
  const size_t length = version2 ? at[11] : load_be16(at + 4);
  const size_t address = version2 ? 12 : 6;
  const uint16_t type = version2 ? load_be16(at) : load_be16(at + 14);
  sink.add("sll.pkttype"_f, version2 ? at[10] : load_be16(at));
  sink.add("sll.hatype"_f, hardware);
  sink.add("sll.halen"_f, length);
  if (length == 6) sink.add("sll.src.eth"_f, bytes.subspan(address, 6));
  if (type >= kSmallestEthertype) sink.add("sll.etype"_f, type);
}

/// RFC 2516.
void dissect_pppoe(const Header& header, FieldSink& sink) noexcept {
  ByteReader reader(header.bytes);
  if (!reader.skip(1)) return;
  if (const auto code = reader.u8()) sink.add("pppoe.code"_f, *code);
  if (const auto session = reader.be16()) sink.add("pppoe.session_id"_f, *session);
  if (const auto length = reader.be16()) sink.add("pppoe.payload_length"_f, *length);
}

void dissect_ppp(const Header& header, FieldSink& sink) noexcept {
  ByteReader reader(header.bytes);
  const auto bytes = header.bytes;
  if (bytes.size() >= 2 && bytes[0] == 0xff && bytes[1] == 0x03) reader.skip(2);
  if (reader.empty()) return;
  const bool compressed = (reader.rest()[0] & 1) != 0;  // RFC 1661 6.5
  if (compressed) {
    sink.add("ppp.protocol"_f, *reader.u8());
  } else if (const auto number = reader.be16()) {
    sink.add("ppp.protocol"_f, *number);
  }
}

}  // namespace wirewatch::filter
