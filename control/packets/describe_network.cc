// SPDX-License-Identifier: BSD-3-Clause
// ICMP, ICMPv6, IGMP and what else rides on IP without ports.
#include <array>
#include <cctype>

#include "control/packets/describe.h"
#include "control/packets/describe_memory.h"
#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

struct NamedNumber {
  uint8_t number;
  std::string_view name;
};

template <size_t Size>
std::string_view name_of(const std::array<NamedNumber, Size>& names, uint8_t number) noexcept {
  for (const NamedNumber& each : names) {
    if (each.number == number) return each.name;
  }
  return {};
}

constexpr std::array kIcmpTypes{NamedNumber{0, "Echo (ping) reply"}, NamedNumber{3, "Destination unreachable"},
                                NamedNumber{4, "Source quench (flow control)"}, NamedNumber{5, "Redirect"},
                                NamedNumber{8, "Echo (ping) request"}, NamedNumber{9, "Router advertisement"},
                                NamedNumber{10, "Router solicitation"}, NamedNumber{11, "Time-to-live exceeded"},
                                NamedNumber{12, "Parameter problem"}, NamedNumber{13, "Timestamp request"},
                                NamedNumber{14, "Timestamp reply"}, NamedNumber{17, "Address mask request"},
                                NamedNumber{18, "Address mask reply"}};
constexpr std::array kUnreachable{NamedNumber{0, "Network unreachable"}, NamedNumber{1, "Host unreachable"},
                                  NamedNumber{2, "Protocol unreachable"}, NamedNumber{3, "Port unreachable"},
                                  NamedNumber{4, "Fragmentation needed"}, NamedNumber{5, "Source route failed"},
                                  NamedNumber{9, "Network administratively prohibited"},
                                  NamedNumber{10, "Host administratively prohibited"},
                                  NamedNumber{13, "Communication administratively filtered"}};
constexpr std::array kRedirect{NamedNumber{0, "Redirect for network"}, NamedNumber{1, "Redirect for host"}};
constexpr std::array kTimeExceeded{NamedNumber{0, "Time to live exceeded in transit"},
                                   NamedNumber{1, "Fragment reassembly time exceeded"}};
constexpr std::array kIcmpv6Types{NamedNumber{1, "Destination Unreachable"}, NamedNumber{2, "Packet Too Big"},
                                  NamedNumber{3, "Time Exceeded"}, NamedNumber{4, "Parameter Problem"},
                                  NamedNumber{128, "Echo (ping) request"}, NamedNumber{129, "Echo (ping) reply"},
                                  NamedNumber{130, "Multicast Listener Query"}, NamedNumber{131, "Multicast Listener Report"},
                                  NamedNumber{132, "Multicast Listener Done"}, NamedNumber{133, "Router Solicitation"},
                                  NamedNumber{134, "Router Advertisement"}, NamedNumber{135, "Neighbor Solicitation"},
                                  NamedNumber{136, "Neighbor Advertisement"}, NamedNumber{137, "Redirect"},
                                  NamedNumber{143, "Multicast Listener Report Message v2"}};
constexpr std::array kUnreachable6{NamedNumber{0, "no route to destination"},
                                   NamedNumber{1, "Administratively prohibited"}, NamedNumber{2, "Beyond scope"},
                                   NamedNumber{3, "Address unreachable"}, NamedNumber{4, "Port unreachable"}};
constexpr std::array kTimeExceeded6{NamedNumber{0, "hop limit exceeded in transit"},
                                    NamedNumber{1, "fragment reassembly time exceeded"}};

/// The same for a request and its reply.
uint64_t echo_key(const Frame& frame, const uint8_t* header) noexcept {
  const uint8_t* const ip = frame.packet.data + frame.layers.inner_offset;
  const bool v4 = frame.layers.inner_family == IpFamily::V4;
  const uint64_t source = v4 ? load_be32(ip + 12) : load_be64(ip + 8) ^ load_be64(ip + 16);
  const uint64_t destination = v4 ? load_be32(ip + 16) : load_be64(ip + 24) ^ load_be64(ip + 32);
  return (source + destination) * 0x9e3779b97f4a7c15u ^ uint64_t{load_be32(header + 4)} << 1;
}

/// " (request in 2675)" on a reply whose request was seen.
void link_echo(const Frame& frame, const uint8_t* header, bool request, DescribeMemory& memory, InfoText& info) noexcept {
  const uint64_t key = echo_key(frame, header);
  if (request) {
    memory.echo_requests.put(key, frame.packet.number);
  } else if (memory.echo_requests.find(key) != nullptr) {
    info.put(" (request in ", memory.echo_requests.frame_of(key), ")");
  }
}

void describe_icmp(const Frame& frame, DescribeMemory& memory, PacketLine& line) noexcept {
  line.protocol = "ICMP";
  const uint8_t* const header = last_header(frame, Protocol::Icmp, 8);
  if (header == nullptr) return;
  const std::string_view type = name_of(kIcmpTypes, header[0]);
  if (type.empty()) {
    line.info.put("Unknown (type ", header[0], ")");
    return;
  }
  line.info.put(type);
  std::string_view code;
  if (header[0] == 3) code = name_of(kUnreachable, header[1]);
  if (header[0] == 5) code = name_of(kRedirect, header[1]);
  if (header[0] == 11) code = name_of(kTimeExceeded, header[1]);
  if (!code.empty()) line.info.put(header[0] == 5 ? "             (" : " (", code, ")");
  if (header[0] != 0 && header[0] != 8) return;
  const bool request = header[0] == 8;
  const uint16_t sequence = load_be16(header + 6);
  line.info.put(request ? "  id=0x" : "    id=0x", Hex{load_be16(header + 4), 4}, ", seq=", sequence, "/",
                __builtin_bswap16(sequence), ", ttl=", frame.packet.data[frame.layers.inner_offset + 8u]);
  link_echo(frame, header, request, memory, line.info);
}

/// RFC 4861: an option of this type that holds a link-layer address, or nullptr.
const uint8_t* link_layer_option(std::span<const uint8_t> options, uint8_t wanted) noexcept {
  ByteReader reader(options);
  while (reader.remaining() >= 8) {
    const uint8_t* const option = reader.rest().data();
    if (option[1] == 0 || !reader.skip(option[1] * size_t{8})) return nullptr;
    if (option[0] == wanted) return option + 2;
  }
  return nullptr;
}

void put_neighbour(std::span<const uint8_t> message, InfoText& info) noexcept {
  constexpr uint8_t kSolicitation = 135, kSourceAddress = 1, kTargetAddress = 2;
  if (message.size() < 24) return;
  const IpAddress target = IpAddress::v6(message.data() + 8);
  if (message[0] == kSolicitation) {
    info.put(" for ", target);
    if (const uint8_t* const mac = link_layer_option(message.subspan(24), kSourceAddress)) info.put(" from ", Mac{mac});
    return;
  }
  info.put(" ", target);
  const uint8_t flags = message[4];
  if ((flags & 0xe0) != 0) {
    info.put(" (");
    constexpr std::array<std::string_view, 3> kFlags{"rtr", "sol", "ovr"};
    bool first = true;
    for (size_t i = 0; i < kFlags.size(); ++i) {
      if ((flags << i & 0x80) == 0) continue;
      info.put(first ? "" : ", ", kFlags[i]);
      first = false;
    }
    info.put(")");
  }
  if (const uint8_t* const mac = link_layer_option(message.subspan(24), kTargetAddress)) info.put(" is at ", Mac{mac});
}

void describe_icmpv6(const Frame& frame, DescribeMemory& memory, PacketLine& line) noexcept {
  constexpr uint8_t kEchoRequest = 128, kEchoReply = 129, kRouterSolicitation = 133, kRouterAdvertisement = 134,
                    kSolicitation = 135, kAdvertisement = 136;
  line.protocol = "ICMPv6";
  const uint8_t* const header = last_header(frame, Protocol::Icmpv6, 8);
  if (header == nullptr) return;
  const std::span message(header, static_cast<size_t>(frame.packet.data + frame.packet.captured_length - header));
  const std::string_view type = name_of(kIcmpv6Types, header[0]);
  if (type.empty()) {
    line.info.put("Unknown (", header[0], ")");
    return;
  }
  line.info.put(type);
  if (header[0] == 1) {
    if (const std::string_view code = name_of(kUnreachable6, header[1]); !code.empty()) line.info.put(" (", code, ")");
  } else if (header[0] == 3) {
    if (const std::string_view code = name_of(kTimeExceeded6, header[1]); !code.empty()) line.info.put(" (", code, ")");
  } else if (header[0] == kEchoRequest || header[0] == kEchoReply) {
    const uint16_t sequence = load_be16(header + 6);
    line.info.put(" id=0x", Hex{load_be16(header + 4), 4}, ", seq=", sequence, ", hop limit=",
                  frame.packet.data[frame.layers.inner_offset + 7u]);
    link_echo(frame, header, header[0] == kEchoRequest, memory, line.info);
  } else if (header[0] == kSolicitation || header[0] == kAdvertisement) {
    put_neighbour(message, line.info);
  } else if (header[0] == kRouterSolicitation || header[0] == kRouterAdvertisement) {
    const size_t fixed = header[0] == kRouterSolicitation ? 8 : 16;
    if (message.size() < fixed) return;
    if (const uint8_t* const mac = link_layer_option(message.subspan(fixed), 1)) line.info.put(" from ", Mac{mac});
  }
}

void describe_igmp(const Frame& frame, PacketLine& line) noexcept {
  const uint8_t* const header = last_header(frame, Protocol::Igmp, 8);
  line.protocol = "IGMP";
  if (header == nullptr) return;
  constexpr uint8_t kQuery = 0x11, kReport1 = 0x12, kReport2 = 0x16, kLeave = 0x17, kReport3 = 0x22;
  const auto captured = static_cast<size_t>(frame.packet.data + frame.packet.captured_length - header);
  const IpAddress group = IpAddress::v4(header + 4);
  if (header[0] == kReport3) {
    line.protocol = "IGMPv3";
    line.info.put("Membership Report");
    size_t at = 8;
    for (uint16_t i = 0; i < load_be16(header + 6) && at + 8 <= captured; ++i) {
      const uint8_t* const record = header + at;
      const uint16_t sources = load_be16(record + 2);
      const IpAddress address = IpAddress::v4(record + 4);
      // RFC 3376 4.2.12: including no sources leaves the group, excluding none joins it.
      const bool include = record[0] == 1 || record[0] == 3, exclude = record[0] == 2 || record[0] == 4;
      if (include && sources == 0) line.info.put(" / Leave group ", address);
      if (exclude && sources == 0) line.info.put(" / Join group ", address, " for any sources");
      if (sources > 0) line.info.put(" / Group ", address, ", ", sources, " source(s)");
      at += 8 + sources * size_t{4} + record[1] * size_t{4};
    }
  } else if (header[0] == kQuery) {
    line.protocol = captured >= 12 ? "IGMPv3" : header[1] == 0 ? "IGMPv1" : "IGMPv2";
    line.info.put("Membership Query, ");
    if (load_be32(header + 4) == 0) {
      line.info.put("general");
    } else {
      line.info.put("specific for group ", group);
    }
  } else if (header[0] == kReport1 || header[0] == kReport2) {
    line.protocol = header[0] == kReport1 ? "IGMPv1" : "IGMPv2";
    line.info.put("Membership Report group ", group);
  } else if (header[0] == kLeave) {
    line.protocol = "IGMPv2";
    line.info.put("Leave Group ", group);
  }
}

/// The fragment header behind the IPv6 header and its options, or nullptr.
const uint8_t* last_ipv6_fragment(const Frame& frame) noexcept {
  constexpr uint8_t kFragment = 44, kHopByHop = 0, kRouting = 43, kDestination = 60;
  const uint8_t* const ip = frame.packet.data + frame.layers.inner_offset;
  const uint8_t* const end = frame.packet.data + frame.packet.captured_length;
  uint8_t next = ip[6];
  for (const uint8_t* at = ip + 40; end - at >= 8; at += (at[1] + size_t{1}) * 8) {
    if (next == kFragment) return at;
    if (next != kHopByHop && next != kRouting && next != kDestination) return nullptr;
    next = at[0];
    if (static_cast<size_t>(end - at) < (at[1] + size_t{1}) * 8) return nullptr;
  }
  return nullptr;
}

void describe_fragment(const Frame& frame, PacketLine& line) noexcept {
  const uint8_t* const header = frame.packet.data + frame.layers.inner_offset;
  if (frame.layers.inner_family == IpFamily::V4) {
    line.protocol = "IPv4";
    const uint8_t carried = header[9];
    const std::string_view name = carried == 1 ? "ICMP " : carried == 6 ? "TCP " : carried == 17 ? "UDP " : "";
    line.info.put("Fragmented IP protocol (proto=", name, carried, ", off=", (load_be16(header + 6) & 0x1fff) * 8, ", ID=",
                  Hex{load_be16(header + 4), 4}, ")");
  } else {
    line.protocol = "IPv6";
    line.info.put("IPv6 fragment");
    if (const uint8_t* const fragment = last_ipv6_fragment(frame)) {  // RFC 8200 4.5
      const uint16_t place = load_be16(fragment + 2);
      line.info.put(" (off=", place & 0xfff8, " more=", (place & 1) != 0 ? "y" : "n", " ident=0x", Hex{load_be32(fragment + 4), 8},
                    " nxt=", fragment[0], ")");
    }
  }
}

}  // namespace

void describe_network(const Frame& frame, DescribeMemory& memory, PacketLine& line) noexcept {
  const Layers& layers = frame.layers;
  if (layers.status == ParseStatus::LaterFragment) return describe_fragment(frame, line);
  const Protocol last = layers.depth > 0 ? layers.protocols[layers.depth - 1u] : Protocol::None;
  switch (last) {
    case Protocol::Icmp: return describe_icmp(frame, memory, line);
    case Protocol::Icmpv6: return describe_icmpv6(frame, memory, line);
    case Protocol::Igmp: return describe_igmp(frame, line);
    default: break;
  }
  if (last == Protocol::Ip || last == Protocol::Ipv6 || last == Protocol::Data) {
    line.protocol = layers.inner_family == IpFamily::V4 ? "IPv4" : "IPv6";
    const uint8_t* const header = frame.packet.data + layers.inner_offset;
    line.info.put("IP protocol ", layers.inner_family == IpFamily::V4 ? header[9] : header[6]);
    return;
  }
  line.made_protocol.clear();
  for (const char letter : name(last)) line.made_protocol.put(static_cast<char>(std::toupper(static_cast<unsigned char>(letter))));
  line.protocol = line.made_protocol.view();
}

}  // namespace wirewatch
