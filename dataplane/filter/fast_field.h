// SPDX-License-Identifier: BSD-3-Clause
// The fields most filters ask for, read straight from the parser's layers. Only in plain frames, whose one IP header and
// whole TCP or UDP header make them the same as what a walk would find.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/carried.h"
#include "dataplane/filter/field_table.h"
#include "dataplane/filter/frame.h"
#include "dataplane/filter/value.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch::filter {

enum class FastField : uint8_t {
  None,
  FrameLength,
  FrameNumber,
  Tcp,
  Udp,
  Ip,
  Ipv6,
  TcpPort,
  TcpSourcePort,
  TcpDestinationPort,
  UdpPort,
  UdpSourcePort,
  UdpDestinationPort,
  IpPlace,    // at a fixed place of the header, as the field's row says
  Ipv6Place,
  TcpPlace,
  UdpPlace,
  TcpLength,
  IpAddress,
  IpSource,
  IpDestination,
  IpProtocol,
  Ipv6Address,
  Ipv6Source,
  Ipv6Destination,
};

FastField fast_field(FieldId field) noexcept;

/// Cheap, and right for all but frames of which most of the innermost IP header is missing: is that a fragment?
inline bool may_be_fragment(const Layers& layers, const Packet& packet) noexcept {
  if (layers.status == ParseStatus::LaterFragment || layers.tunneled) return true;
  if (layers.inner_family == IpFamily::None) return false;
  if (packet.captured_length < layers.inner_offset + 8u) return true;
  const uint8_t* ip = packet.data + layers.inner_offset;
  if (layers.inner_family == IpFamily::V4) return (load_be16(ip + 6) & 0x3fff) != 0;
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  return ip[6] == kFragment || ip[6] == kHopByHop || ip[6] == kRouting || ip[6] == kDestination;
}

/// tshark sees nothing behind such a header.
inline bool has_no_length(const Layers& layers, const Packet& packet) noexcept {
  return layers.inner_family == IpFamily::V6 && load_be16(packet.data + layers.inner_offset + 4) == 0;
}

/// Does every FastField have its exact value in `layers`?
inline bool is_plain(const Frame& frame) noexcept {
  const Layers& layers = frame.layers;
  using transport_number::kUdp;
  return layers.status == ParseStatus::Understood && layers.has_flow && frame.packet.link_type == 1 && !may_be_fragment(layers, frame.packet) &&
         !has_no_length(layers, frame.packet) &&
         !(layers.key.ip_protocol == kUdp && may_carry_packets(layers.key.low_port, layers.key.high_port));
}

/// A number of up to four bytes.
inline uint64_t read_place(const Place& place, bool boolean, const uint8_t* header) noexcept {
  const uint8_t* at = header + place.offset;
  const uint32_t whole = place.width == 1   ? *at
                         : place.width == 2 ? load_be16(at)
                         : place.width == 3 ? load_be24(at)
                                            : load_be32(at);
  const uint32_t part = place.mask == 0xffff'ffff ? whole : (whole & place.mask) >> std::countr_zero(place.mask);
  return boolean ? part != 0 : part;
}

/// Up to two values; how many there are. `row` is the field's. `frame` is plain.
inline unsigned read_fast(FastField field, const FieldSpec& row, const Frame& frame, std::array<Value, 2>& out) noexcept {
  using transport_number::kTcp;
  using transport_number::kUdp;
  const Layers& layers = frame.layers;
  const FlowKey& key = layers.key;
  const uint16_t source = layers.source_is_low ? key.low_port : key.high_port;
  const uint16_t destination = layers.source_is_low ? key.high_port : key.low_port;
  const auto one = [&](bool there, uint64_t number) -> unsigned {
    out[0] = Value::of(number);
    return there ? 1 : 0;
  };
  const auto two = [&](bool there, uint64_t first, uint64_t second) -> unsigned {
    out[0] = Value::of(first);
    out[1] = Value::of(second);
    return there ? 2 : 0;
  };
  const bool tcp = key.ip_protocol == kTcp, udp = key.ip_protocol == kUdp;
  const bool v4 = layers.inner_family == IpFamily::V4, v6 = layers.inner_family == IpFamily::V6;
  const uint8_t* ip = frame.packet.data + layers.inner_offset;
  const auto address6 = [&](size_t offset) { return Value{ip + offset, 0, 16, 0}; };
  switch (field) {
    case FastField::FrameLength: return one(true, frame.packet.original_length);
    case FastField::FrameNumber: return one(true, frame.packet.number);
    case FastField::Tcp: return one(tcp, 1);
    case FastField::Udp: return one(udp, 1);
    case FastField::Ip: return one(v4, 1);
    case FastField::Ipv6: return one(v6, 1);
    case FastField::TcpPort: return two(tcp, source, destination);
    case FastField::TcpSourcePort: return one(tcp, source);
    case FastField::TcpDestinationPort: return one(tcp, destination);
    case FastField::UdpPort: return two(udp, source, destination);
    case FastField::UdpSourcePort: return one(udp, source);
    case FastField::UdpDestinationPort: return one(udp, destination);
    case FastField::IpPlace: return v4 ? one(true, read_place(row.place, row.type == FieldType::Boolean, ip)) : 0;
    case FastField::Ipv6Place: return v6 ? one(true, read_place(row.place, row.type == FieldType::Boolean, ip)) : 0;
    case FastField::TcpPlace:
    case FastField::UdpPlace: {
      if (field == FastField::TcpPlace ? !tcp : !udp) return 0;
      const uint8_t* header = frame.packet.data + layers.offsets[layers.payload_layer - 1u];
      return one(true, read_place(row.place, row.type == FieldType::Boolean, header));
    }
    case FastField::TcpLength: return one(tcp, layers.payload_length);
    case FastField::IpAddress: return v4 ? two(true, load_be32(ip + 12), load_be32(ip + 16)) : 0;
    case FastField::IpSource: return v4 ? one(true, load_be32(ip + 12)) : 0;
    case FastField::IpDestination: return v4 ? one(true, load_be32(ip + 16)) : 0;
    case FastField::IpProtocol: return v4 ? one(true, ip[9]) : 0;
    case FastField::Ipv6Address:
      out = {address6(8), address6(24)};
      return v6 ? 2 : 0;
    case FastField::Ipv6Source: out[0] = address6(8); return v6 ? 1 : 0;
    case FastField::Ipv6Destination: out[0] = address6(24); return v6 ? 1 : 0;
    case FastField::None: break;
  }
  return 0;
}

}  // namespace wirewatch::filter
