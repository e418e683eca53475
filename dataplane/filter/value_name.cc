// SPDX-License-Identifier: BSD-3-Clause
// Numbers are IANA's (EtherTypes, IP protocols, ARP, DNS, TLS); the names are those Wireshark shows.
#include "dataplane/filter/value_name.h"

#include <algorithm>
#include <array>

#include "dataplane/base/ascii.h"

namespace wirewatch::filter {
namespace {

struct ValueName {
  FieldId field;
  uint64_t number;
  std::string_view name;
};

constexpr std::array kValueNames{
    ValueName{"eth.type"_f, 0x0800, "IPv4"},
    ValueName{"eth.type"_f, 0x0806, "ARP"},
    ValueName{"eth.type"_f, 0x86dd, "IPv6"},
    ValueName{"eth.type"_f, 0x8100, "802.1Q Virtual LAN"},
    ValueName{"vlan.etype"_f, 0x0800, "IPv4"},
    ValueName{"vlan.etype"_f, 0x0806, "ARP"},
    ValueName{"vlan.etype"_f, 0x86dd, "IPv6"},
    ValueName{"arp.opcode"_f, 1, "request"},
    ValueName{"arp.opcode"_f, 2, "reply"},
    ValueName{"arp.hw.type"_f, 1, "Ethernet"},
    ValueName{"arp.proto.type"_f, 0x0800, "IPv4"},
    ValueName{"ip.proto"_f, 1, "ICMP"},
    ValueName{"ip.proto"_f, 2, "IGMP"},
    ValueName{"ip.proto"_f, 6, "TCP"},
    ValueName{"ip.proto"_f, 17, "UDP"},
    ValueName{"ip.proto"_f, 41, "IPv6"},
    ValueName{"ip.proto"_f, 47, "Generic Routing Encapsulation"},
    ValueName{"ip.proto"_f, 132, "SCTP"},
    ValueName{"ipv6.nxt"_f, 6, "TCP"},
    ValueName{"ipv6.nxt"_f, 17, "UDP"},
    ValueName{"ipv6.nxt"_f, 58, "ICMPv6"},
    ValueName{"ipv6.nxt"_f, 132, "SCTP"},
    ValueName{"icmpv6.type"_f, 1, "Destination Unreachable"},
    ValueName{"icmpv6.type"_f, 2, "Packet Too Big"},
    ValueName{"icmpv6.type"_f, 3, "Time Exceeded"},
    ValueName{"icmpv6.type"_f, 128, "Echo (ping) request"},
    ValueName{"icmpv6.type"_f, 129, "Echo (ping) reply"},
    ValueName{"icmpv6.type"_f, 134, "Router Advertisement"},
    ValueName{"icmpv6.type"_f, 135, "Neighbor Solicitation"},
    ValueName{"icmpv6.type"_f, 136, "Neighbor Advertisement"},
    ValueName{"dns.flags.opcode"_f, 0, "Standard query"},
    ValueName{"dns.flags.opcode"_f, 5, "Dynamic update"},
    ValueName{"dns.flags.rcode"_f, 0, "No error"},
    ValueName{"dns.flags.rcode"_f, 1, "Format error"},
    ValueName{"dns.flags.rcode"_f, 2, "Server failure"},
    ValueName{"dns.flags.rcode"_f, 3, "No such name"},
    ValueName{"dns.flags.rcode"_f, 5, "Refused"},
    ValueName{"tls.record.content_type"_f, 20, "Change Cipher Spec"},
    ValueName{"tls.record.content_type"_f, 21, "Alert"},
    ValueName{"tls.record.content_type"_f, 22, "Handshake"},
    ValueName{"tls.record.content_type"_f, 23, "Application Data"},
    ValueName{"tls.record.version"_f, 0x0300, "SSL 3.0"},
    ValueName{"tls.record.version"_f, 0x0301, "TLS 1.0"},
    ValueName{"tls.record.version"_f, 0x0302, "TLS 1.1"},
    ValueName{"tls.record.version"_f, 0x0303, "TLS 1.2"},
    ValueName{"tls.handshake.version"_f, 0x0301, "TLS 1.0"},
    ValueName{"tls.handshake.version"_f, 0x0302, "TLS 1.1"},
    ValueName{"tls.handshake.version"_f, 0x0303, "TLS 1.2"},
    ValueName{"tls.handshake.type"_f, 1, "Client Hello"},
    ValueName{"tls.handshake.type"_f, 2, "Server Hello"},
    ValueName{"tls.handshake.type"_f, 4, "New Session Ticket"},
    ValueName{"tls.handshake.type"_f, 11, "Certificate"},
    ValueName{"tls.handshake.type"_f, 12, "Server Key Exchange"},
    ValueName{"tls.handshake.type"_f, 14, "Server Hello Done"},
    ValueName{"tls.handshake.type"_f, 16, "Client Key Exchange"},
    ValueName{"dhcp.option.dhcp"_f, 1, "Discover"},
    ValueName{"dhcp.option.dhcp"_f, 2, "Offer"},
    ValueName{"dhcp.option.dhcp"_f, 3, "Request"},
    ValueName{"dhcp.option.dhcp"_f, 5, "ACK"},
};

}  // namespace

std::optional<uint64_t> number_of_name(FieldId field, std::string_view name) {
  for (const ValueName& row : kValueNames) {
    if (row.field != field) continue;
    if (std::ranges::equal(row.name, name, [](char a, char b) { return lower(a) == lower(b); })) return row.number;
  }
  return std::nullopt;
}

std::string names_of(FieldId field) {
  std::string names;
  for (const ValueName& row : kValueNames) {
    if (row.field == field) names += (names.empty() ? "\"" : ", \"") + std::string(row.name) + "\"";
  }
  return names;
}

}  // namespace wirewatch::filter
