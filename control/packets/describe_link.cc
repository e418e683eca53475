// SPDX-License-Identifier: BSD-3-Clause
// Addresses, ARP, and frames that hold no IP packet.
#include <array>
#include <cctype>

#include "control/packets/describe.h"
#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

struct KnownMac {
  std::array<uint8_t, 6> address;
  std::string_view name;
};

// Names that Wireshark gives without any list of manufacturers (IEEE 802 and IETF reserved addresses).
constexpr std::array kKnownMacs{
    KnownMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "Broadcast"},
    KnownMac{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00}, "Spanning-tree-(for-bridges)_00"},
    KnownMac{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x02}, "Slow-Protocols"},
    KnownMac{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x03}, "Nearest-non-TPMR-bridge"},
    KnownMac{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}, "LLDP_Multicast"},
    KnownMac{{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc}, "CDP/VTP/DTP/PAgP/UDLD"},
    KnownMac{{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd}, "PVST+"},
};

void put_mac(const uint8_t* at, InfoText& text) noexcept {
  for (const KnownMac& known : kKnownMacs) {
    if (std::memcmp(known.address.data(), at, 6) == 0) {
      text.put(known.name);
      return;
    }
  }
  if (at[0] == 0x33 && at[1] == 0x33) {
    text.put("IPv6mcast_", Hex{at[2], 2}, ":", Hex{at[3], 2}, ":", Hex{at[4], 2}, ":", Hex{at[5], 2});
  } else if (at[0] == 0x01 && at[1] == 0x00 && at[2] == 0x5e && at[3] < 0x80) {
    text.put("IPv4mcast_", Hex{at[3], 2}, ":", Hex{at[4], 2}, ":", Hex{at[5], 2});
  } else {
    text.put(Mac{at});
  }
}

/// RFC 826 and RFC 5227, for Ethernet and IPv4.
void describe_arp(const uint8_t* arp, PacketLine& line) noexcept {
  const uint16_t operation = load_be16(arp + 6);
  const IpAddress sender = IpAddress::v4(arp + 14), target = IpAddress::v4(arp + 24);
  constexpr uint16_t kRequest = 1, kReply = 2;
  const bool own = sender == target;
  if (operation == kRequest) {
    const bool probe = load_be32(arp + 14) == 0;
    if (own) {
      line.info.put("ARP Announcement for ", sender);
    } else {
      line.info.put("Who has ", target, "? ", probe ? "(ARP Probe)" : "Tell ");
      if (!probe) line.info.put(sender);
    }
  } else if (operation == kReply) {
    line.info.put(own ? "Gratuitous ARP for " : "", sender, own ? " (Reply)" : " is at ");
    if (!own) line.info.put(Mac{arp + 8});
  } else {
    line.info.put("Opcode ", operation);
  }
}

/// Wireshark's name of the column for protocols that are named otherwise in filters.
std::string_view column_name(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::Eth: return "Ethernet";
    case Protocol::Slow: return "Slow Protocols";
    case Protocol::Wlan:
    case Protocol::WlanRadio:
    case Protocol::Radiotap: return "802.11";
    case Protocol::Unsupported: return "UNKNOWN";
    case Protocol::Ieee8021ad: return "VLAN";
    default: return {};
  }
}

}  // namespace

void describe_addresses(const Frame& frame, PacketLine& line) noexcept {
  const Layers& layers = frame.layers;
  if (layers.inner_family != IpFamily::None) {
    const uint8_t* const header = frame.packet.data + layers.inner_offset;
    line.source.put(ip_source(header, layers.inner_family));
    line.destination.put(ip_destination(header, layers.inner_family));
    return;
  }
  const uint8_t* const ethernet = last_header(frame, Protocol::Eth, 12);
  if (ethernet != nullptr) {
    put_mac(ethernet + 6, line.source);
    put_mac(ethernet, line.destination);
  } else if (const uint8_t* const sll = last_header(frame, Protocol::Sll, 16)) {
    constexpr uint16_t kSll2 = 276;
    const bool second = frame.packet.link_type == kSll2;  // LINKTYPE_LINUX_SLL2 has the address four bytes later
    if (!second || frame.packet.captured_length >= 18) put_mac(sll + (second ? 12 : 6), line.source);
  }
}

void describe_link(const Frame& frame, PacketLine& line) noexcept {
  const Layers& layers = frame.layers;
  const Protocol last = layers.depth > 0 ? layers.protocols[layers.depth - 1u] : Protocol::None;
  if (last == Protocol::Arp || last == Protocol::Rarp) {
    line.protocol = last == Protocol::Arp ? "ARP" : "RARP";
    const uint8_t* const arp = last_header(frame, last, 28);
    if (arp != nullptr && load_be16(arp + 2) == 0x0800 && arp[4] == 6 && arp[5] == 4) describe_arp(arp, line);
    return;
  }
  if (layers.status == ParseStatus::UnknownEthertype) {
    if (const uint8_t* const ethernet = last_header(frame, Protocol::Eth, 14)) {
      line.made_protocol.clear();
      line.made_protocol.put("0x", Hex{load_be16(ethernet + 12), 4});
      line.protocol = line.made_protocol.view();
      line.info.put("Ethernet II");
      return;
    }
  }
  line.protocol = column_name(last);
  if (!line.protocol.empty()) return;
  line.made_protocol.clear();
  for (const char letter : name(last)) {
    line.made_protocol.put(static_cast<char>(std::toupper(static_cast<unsigned char>(letter))));
  }
  line.protocol = line.made_protocol.view();
}

}  // namespace wirewatch
