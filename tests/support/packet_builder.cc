// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/packet_builder.h"

#include <arpa/inet.h>

namespace wirewatch::testing {
namespace {

constexpr uint16_t kTypeIpv4 = 0x0800, kTypeIpv6 = 0x86dd;

ByteWriter network() { return ByteWriter(std::endian::big); }

void set_u16(Bytes& header, size_t at, size_t value) {
  header.at(at) = static_cast<uint8_t>(value >> 8);
  header.at(at + 1) = static_cast<uint8_t>(value);
}

void set_u32(Bytes& header, size_t at, uint32_t value) {
  set_u16(header, at, value >> 16);
  set_u16(header, at + 2, value & 0xffff);
}

Bytes address(int family, std::string_view text) {
  Bytes bytes(family == AF_INET ? 4 : 16);
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) throw std::invalid_argument(std::string(text));
  return bytes;
}

/// A finish that writes the next header's EtherType at `at`.
auto ethertype_at(size_t at) {
  return [at](Bytes& header, const auto* next, size_t) {
    if (next != nullptr && next->ethertype != 0) set_u16(header, at, next->ethertype);
  };
}

auto ip_protocol_at(size_t at) {
  return [at](Bytes& header, const auto* next, size_t) {
    if (next != nullptr && next->ip_protocol >= 0) header.at(at) = static_cast<uint8_t>(next->ip_protocol);
  };
}

void ipv4_checksum(Bytes& header) {
  set_u16(header, 10, 0);
  uint32_t sum = 0;
  for (size_t i = 0; i < header.size(); i += 2) sum += static_cast<uint32_t>(header[i] << 8 | header[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  set_u16(header, 10, ~sum & 0xffff);
}

}  // namespace

FrameBuilder& FrameBuilder::add(Part part) {
  parts_.push_back(std::move(part));
  return *this;
}

FrameBuilder& FrameBuilder::eth() {
  constexpr uint16_t kTransparentBridging = 0x6558;
  const Bytes header{0, 0, 0x5e, 0, 0x53, 2, 0, 0, 0x5e, 0, 0x53, 1, 0xff, 0xff};  // RFC 7042: for documentation
  return add({.header = header, .ethertype = kTransparentBridging, .ip_protocol = 143,
              .finish = [](Bytes& bytes, const Part* next, size_t behind) {
                set_u16(bytes, 12, next != nullptr && next->ethertype != 0 ? next->ethertype : behind);
              }});
}

FrameBuilder& FrameBuilder::vlan(uint16_t id) {
  return add({.header = network().u16(id).u16(0).bytes(), .ethertype = 0x8100, .finish = ethertype_at(2)});
}

FrameBuilder& FrameBuilder::ieee8021ad(uint16_t id) {
  return add({.header = network().u16(id).u16(0).bytes(), .ethertype = 0x88a8, .finish = ethertype_at(2)});
}

FrameBuilder& FrameBuilder::macsec() {
  constexpr uint8_t kWithSci = 0x20;
  const Bytes header = network().u8(kWithSci).u8(0).u32(1).u64(0x0200000000010001).u16(0).bytes();
  return add({.header = header, .ethertype = 0x88e5, .finish = ethertype_at(14)});
}

FrameBuilder& FrameBuilder::llc(uint8_t sap) { return add({.header = {sap, sap, 0x03}}); }

FrameBuilder& FrameBuilder::snap() {
  return add({.header = {0xaa, 0xaa, 0x03, 0, 0, 0, 0, 0}, .finish = ethertype_at(6)});
}

FrameBuilder& FrameBuilder::mpls(uint32_t label) {
  return add({.header = network().u32(label << 12 | 64).bytes(), .ethertype = 0x8847, .ip_protocol = 137,
              .finish = [](Bytes& bytes, const Part* next, size_t) {
                const bool bottom = next == nullptr || next->ethertype != 0x8847;
                if (bottom) bytes[2] |= 1;
              }});
}

FrameBuilder& FrameBuilder::pseudowire_control_word() { return add({.header = Bytes(4)}); }

FrameBuilder& FrameBuilder::pppoe_session() {
  return add({.header = network().u8(0x11).u8(0).u16(0x0101).u16(0).bytes(), .ethertype = 0x8864,
              .finish = [](Bytes& bytes, const Part*, size_t behind) { set_u16(bytes, 4, behind); }});
}

FrameBuilder& FrameBuilder::ppp() {
  constexpr uint16_t kLinkControl = 0xc021;
  return add({.header = network().u16(kLinkControl).bytes(), .ethertype = 0x880b,
              .finish = [](Bytes& bytes, const Part* next, size_t) {
                if (next != nullptr && next->ppp_protocol != 0) set_u16(bytes, 0, next->ppp_protocol);
              }});
}

FrameBuilder& FrameBuilder::ppp_with_address() {
  return add({.header = network().u16(0xff03).u16(0).bytes(), .finish = [](Bytes& bytes, const Part* next, size_t) {
                if (next != nullptr) set_u16(bytes, 2, next->ppp_protocol);
              }});
}

FrameBuilder& FrameBuilder::nsh() {
  const Bytes header = network().u16(0x0fc6).u8(1).u8(0).u32(0x00000aff).zeros(16).bytes();
  return add({.header = header, .ethertype = 0x894f, .finish = [](Bytes& bytes, const Part* next, size_t) {
                if (next == nullptr) return;
                bytes[3] = next->ethertype == kTypeIpv4 ? 1 : next->ethertype == kTypeIpv6 ? 2 : 3;
              }});
}

FrameBuilder& FrameBuilder::sll() {
  const Bytes header = network().u16(0).u16(1).u16(6).u64(0x0200000000010000).u16(0).bytes();
  return add({.header = header, .finish = ethertype_at(14)});
}

FrameBuilder& FrameBuilder::sll2() {
  const Bytes header = network().u16(0).u16(0).u32(2).u16(1).u8(0).u8(6).u64(0x0200000000010000).bytes();
  return add({.header = header, .finish = ethertype_at(0)});
}

FrameBuilder& FrameBuilder::null_loop(uint32_t family) {
  return add({.header = ByteWriter().u32(family).bytes()});
}

FrameBuilder& FrameBuilder::arp() {
  const Bytes header = network().u16(1).u16(kTypeIpv4).u8(6).u8(4).u16(1).zeros(20).bytes();
  return add({.header = header, .ethertype = 0x0806});
}

FrameBuilder& FrameBuilder::ipv4(std::string_view source, std::string_view destination) {
  ByteWriter header = network().u8(0x45).u8(0).u16(0).u16(0x1234).u16(0).u8(64).u8(253).u16(0);
  header.raw(address(AF_INET, source)).raw(address(AF_INET, destination));
  return add({.header = header.bytes(), .ethertype = kTypeIpv4, .ip_protocol = 4, .ppp_protocol = 0x0021,
              .finish = [](Bytes& bytes, const Part* next, size_t behind) {
                set_u16(bytes, 2, bytes.size() + behind);
                ip_protocol_at(9)(bytes, next, behind);
                ipv4_checksum(bytes);
              }});
}

FrameBuilder& FrameBuilder::ipv4_options(size_t count) {
  last().header.resize(last().header.size() + count, 1);
  last().header[0] = static_cast<uint8_t>(0x40 | last().header.size() / 4);
  return *this;
}

FrameBuilder& FrameBuilder::fragment(uint16_t offset_in_8_bytes, bool more) {
  set_u16(last().header, 6, static_cast<size_t>(offset_in_8_bytes | (more ? 0x2000 : 0)));
  return *this;
}

FrameBuilder& FrameBuilder::ipv6(std::string_view source, std::string_view destination) {
  constexpr uint8_t kNoNextHeader = 59;
  ByteWriter header = network().u32(0x60000000).u16(0).u8(kNoNextHeader).u8(64);
  header.raw(address(AF_INET6, source)).raw(address(AF_INET6, destination));
  return add({.header = header.bytes(), .ethertype = kTypeIpv6, .ip_protocol = 41, .ppp_protocol = 0x0057,
              .finish = [](Bytes& bytes, const Part* next, size_t behind) {
                set_u16(bytes, 4, behind);
                ip_protocol_at(6)(bytes, next, behind);
              }});
}

FrameBuilder& FrameBuilder::ipv6_extension(uint8_t number, Bytes header) {
  return add({.header = std::move(header), .ip_protocol = number, .finish = ip_protocol_at(0)});
}

FrameBuilder& FrameBuilder::hop_by_hop() { return ipv6_extension(0, {59, 0, 5, 2, 0, 0, 1, 0}); }  // router alert, PadN
FrameBuilder& FrameBuilder::destination_options() { return ipv6_extension(60, {59, 0, 1, 4, 0, 0, 0, 0}); }

FrameBuilder& FrameBuilder::routing_header() {
  const Bytes way_point = address(AF_INET6, "2001:db8::99");
  return ipv6_extension(43, network().u8(59).u8(2).u8(0).u8(1).u32(0).raw(way_point).bytes());
}

FrameBuilder& FrameBuilder::fragment_header(uint16_t offset_in_8_bytes, bool more) {
  const auto field = static_cast<uint16_t>(offset_in_8_bytes << 3 | (more ? 1 : 0));
  return ipv6_extension(44, network().u8(59).u8(0).u16(field).u32(0x01020304).bytes());
}

FrameBuilder& FrameBuilder::ah() {
  return ipv6_extension(51, network().u8(59).u8(4).u16(0).u32(0x100).u32(1).zeros(12).bytes());
}

FrameBuilder& FrameBuilder::esp() {
  return add({.header = network().u32(0x200).u32(1).zeros(24).bytes(), .ip_protocol = 50});
}

FrameBuilder& FrameBuilder::icmp(uint8_t type, uint8_t code) {
  return add({.header = network().u8(type).u8(code).u16(0).u32(0).bytes(), .ip_protocol = 1});
}

FrameBuilder& FrameBuilder::icmpv6(uint8_t type, uint8_t code) {
  return add({.header = network().u8(type).u8(code).u16(0).u32(0).bytes(), .ip_protocol = 58});
}

FrameBuilder& FrameBuilder::igmp() {
  return add({.header = network().u8(0x16).u8(0).u16(0).u32(0xe0000105).bytes(), .ip_protocol = 2});
}

FrameBuilder& FrameBuilder::pim_hello() {
  return add({.header = network().u8(0x20).u8(0).u16(0).u16(1).u16(2).u16(105).bytes(), .ip_protocol = 103});
}

FrameBuilder& FrameBuilder::pim_register() {
  return add({.header = network().u8(0x21).u8(0).u16(0).u32(0).bytes(), .ip_protocol = 103});
}

FrameBuilder& FrameBuilder::tcp(uint16_t source, uint16_t destination) {
  const Bytes header =
      network().u16(source).u16(destination).u32(1000).u32(0).u8(0x50).u8(kAck).u16(0xfaf0).u16(0).u16(0).bytes();
  return add({.header = header, .ip_protocol = 6});
}

FrameBuilder& FrameBuilder::tcp_options(size_t count) {
  last().header.resize(last().header.size() + count, 1);
  last().header[12] = static_cast<uint8_t>(last().header.size() / 4 << 4);
  return *this;
}

FrameBuilder& FrameBuilder::flags(uint8_t flags) {
  last().header.at(13) = flags;
  return *this;
}

FrameBuilder& FrameBuilder::seq(uint32_t number) {
  set_u32(last().header, 4, number);
  return *this;
}

FrameBuilder& FrameBuilder::ack_number(uint32_t number) {
  set_u32(last().header, 8, number);
  return *this;
}

FrameBuilder& FrameBuilder::udp(uint16_t source, uint16_t destination) {
  return add({.header = network().u16(source).u16(destination).u16(0).u16(0).bytes(), .ip_protocol = 17,
              .finish = [](Bytes& bytes, const Part*, size_t behind) { set_u16(bytes, 4, bytes.size() + behind); }});
}

FrameBuilder& FrameBuilder::sctp(uint16_t source, uint16_t destination) {
  return add({.header = network().u16(source).u16(destination).u32(0x0a0b0c0d).u32(0).bytes(), .ip_protocol = 132});
}

FrameBuilder& FrameBuilder::sctp_sack() {
  return add({.header = network().u8(3).u8(0).u16(16).u32(1).u32(65535).u32(0).bytes()});
}

FrameBuilder& FrameBuilder::sctp_data() {
  constexpr uint8_t kWholeMessage = 3;
  return add({.header = network().u8(0).u8(kWholeMessage).u16(0).u32(1).u16(0).u16(0).u32(0).bytes(),
              .finish = [](Bytes& bytes, const Part*, size_t behind) { set_u16(bytes, 2, bytes.size() + behind); }});
}

FrameBuilder& FrameBuilder::payload(std::string_view text) { return payload(Bytes(text.begin(), text.end())); }
FrameBuilder& FrameBuilder::payload(const Bytes& bytes) { return add({.header = bytes}); }
FrameBuilder& FrameBuilder::zeros(size_t count) { return payload(Bytes(count)); }

FrameBuilder& FrameBuilder::gre() {
  return add({.header = Bytes(4), .ip_protocol = 47, .finish = ethertype_at(2)});
}

FrameBuilder& FrameBuilder::gre_checksum() {
  last().header[0] |= 0x80;
  last().header.resize(last().header.size() + 4);
  return *this;
}

FrameBuilder& FrameBuilder::gre_key(uint32_t key) {
  last().header[0] |= 0x20;
  last().header = last().header + network().u32(key).bytes();
  return *this;
}

FrameBuilder& FrameBuilder::gre_sequence(uint32_t number) {
  last().header[0] |= 0x10;
  last().header = last().header + network().u32(number).bytes();
  return *this;
}

FrameBuilder& FrameBuilder::pptp_gre(bool with_acknowledgment) {
  ByteWriter header = network().u8(0x30).u8(with_acknowledgment ? 0x81 : 0x01).u16(0x880b).u16(0).u16(7).u32(42);
  if (with_acknowledgment) header.u32(41);
  return add({.header = header.bytes(), .ip_protocol = 47, .finish = [](Bytes& bytes, const Part*, size_t behind) {
                set_u16(bytes, 4, behind);
              }});
}

FrameBuilder& FrameBuilder::erspan1() { return add({.header = {}, .ethertype = 0x88be}); }

FrameBuilder& FrameBuilder::erspan2() {
  return add({.header = network().u32(0x10640001).u32(0).bytes(), .ethertype = 0x88be});
}

FrameBuilder& FrameBuilder::erspan3(bool platform_header) {
  ByteWriter header = network().u32(0x20640001).u32(0x12345678).u16(0).u16(platform_header ? 1 : 0);
  if (platform_header) header.zeros(8);
  return add({.header = header.bytes(), .ethertype = 0x22eb});
}

FrameBuilder& FrameBuilder::ether_ip() {
  return add({.header = network().u16(0x3000).bytes(), .ip_protocol = 97});
}

FrameBuilder& FrameBuilder::vxlan(uint32_t vni) {
  return add({.header = network().u32(0x08000000).u32(vni << 8).bytes()});
}

FrameBuilder& FrameBuilder::geneve(uint32_t vni, size_t option_bytes) {
  ByteWriter header = network().u8(static_cast<uint8_t>(option_bytes / 4)).u8(0).u16(0).u32(vni << 8);
  if (option_bytes >= 4) {
    constexpr uint16_t kClass = 0x0102;
    header.u16(kClass).u8(1).u8(static_cast<uint8_t>(option_bytes / 4 - 1)).zeros(option_bytes - 4);
  }
  return add({.header = header.bytes(), .finish = ethertype_at(2)});
}

FrameBuilder& FrameBuilder::gtp_u(uint32_t teid) {
  return add({.header = network().u8(0x30).u8(0xff).u16(0).u32(teid).bytes(),
              .finish = [](Bytes& bytes, const Part*, size_t behind) { set_u16(bytes, 2, bytes.size() - 8 + behind); }});
}

FrameBuilder& FrameBuilder::gtp_extension() {
  constexpr uint8_t kPduSessionContainer = 0x85;
  last().header[0] |= 0x04;
  last().header = last().header + network().u16(0).u8(0).u8(kPduSessionContainer).u8(1).u8(0x10).u8(9).u8(0).bytes();
  return *this;
}

FrameBuilder& FrameBuilder::teredo_origin() {
  return add({.header = network().u16(0).u16(0xedb0).u32(0xfe7f7ff6).bytes()});
}

FrameBuilder& FrameBuilder::l2tp(uint16_t tunnel, uint16_t session) {
  constexpr uint16_t kWithLengthVersion2 = 0x4002;
  return add({.header = network().u16(kWithLengthVersion2).u16(0).u16(tunnel).u16(session).bytes(),
              .finish = [](Bytes& bytes, const Part*, size_t behind) { set_u16(bytes, 2, bytes.size() + behind); }});
}

FrameBuilder& FrameBuilder::ayiya() {  // 16 bytes of identity, 20 of signature, operation 1: forward
  const Bytes header = network().u8(0x41).u8(0x52).u8(0x11).u8(59).u32(0).zeros(36).bytes();
  return add({.header = header, .finish = ip_protocol_at(3)});
}

FrameBuilder& FrameBuilder::capwap() {
  return add({.header = network().u8(0).u8(0x10).u8(0x02).u8(0).u32(0).bytes()});
}

FrameBuilder& FrameBuilder::claim_u8(size_t offset, uint8_t value) {
  last().claims.emplace_back(offset, value);
  return *this;
}

FrameBuilder& FrameBuilder::claim_u16(size_t offset, uint16_t value) {
  return claim_u8(offset, static_cast<uint8_t>(value >> 8)).claim_u8(offset + 1, static_cast<uint8_t>(value));
}

Bytes FrameBuilder::bytes() const {
  Bytes built;
  const Part* next = nullptr;
  for (size_t i = parts_.size(); i-- > 0;) {
    Bytes header = parts_[i].header;
    if (parts_[i].finish) parts_[i].finish(header, next, built.size());
    for (const auto& [offset, value] : parts_[i].claims) header.at(offset) = value;
    built = std::move(header) + built;
    next = &parts_[i];
  }
  return built;
}

}  // namespace wirewatch::testing
