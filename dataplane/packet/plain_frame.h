// SPDX-License-Identifier: BSD-3-Clause
// What nearly every frame is: Ethernet, IPv4 without options or IPv6 without extension headers, TCP or UDP, nothing cut off
// and nothing wrong. Such a frame is described in one go; any other is left to the parser that goes header by header, which
// says the same of these (tests/packet holds the two against each other).
#pragma once

#include <algorithm>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/plain_network.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace detail {

/// The rest, once the IP header is known to be plain. `end` and `wire_end` are where the datagram ends in what was captured
/// and on the wire.
template <IpFamily Family>
[[gnu::always_inline]] inline bool parse_plain_transport(const uint8_t* data, uint8_t ip_protocol, size_t end, size_t wire_end,
                                                         Layers& layers) noexcept {
  using plain::kEthernetHeader;
  using transport_number::kTcp;
  using transport_number::kUdp;
  constexpr size_t kAt = plain::kTransportAt<Family>;
  constexpr Protocol kNetwork = Family == IpFamily::V4 ? Protocol::Ip : Protocol::Ipv6;
  const uint8_t* const header = data + kAt;
  const uint16_t source = load_be16(header), destination = load_be16(header + 2);
  size_t payload = kAt;
  if (ip_protocol == kTcp) {
    constexpr size_t kMinimum = 20;
    if (end - kAt < kMinimum) return false;
    const size_t length = (header[12] >> 4) * 4u;
    if (length < kMinimum || length > end - kAt) return false;
    payload += length;
    layers.protocols = {Protocol::Eth, kNetwork, Protocol::Tcp};
    layers.tcp_flags = header[13];
    layers.tcp_sequence = load_be32(header + 4);
    layers.tcp_acknowledgment = load_be32(header + 8);
  } else if (ip_protocol == kUdp) {
    constexpr size_t kHeader = 8;
    if (end - kAt < kHeader) return false;
    const size_t length = load_be16(header + 4);
    if (length < kHeader || length > wire_end - kAt) return false;
    if (is_tunnel_port(source) || is_tunnel_port(destination)) return false;
    payload += kHeader;
    wire_end = kAt + length;
    end = std::min(end, wire_end);
    layers.protocols = {Protocol::Eth, kNetwork, Protocol::Udp};
    layers.tcp_flags = 0;
  } else {
    return false;
  }
  layers.offsets[0] = 0;
  layers.offsets[1] = kEthernetHeader;
  layers.offsets[2] = kAt;
  layers.depth = layers.payload_layer = 3;
  layers.status = ParseStatus::Understood;
  layers.outer_family = layers.inner_family = Family;
  layers.outer_ip_protocol = ip_protocol;
  layers.outer_offset = layers.inner_offset = kEthernetHeader;
  layers.outer_source_port = source;
  layers.outer_destination_port = destination;
  layers.tunneled = false;
  layers.payload_offset = static_cast<uint32_t>(payload);
  layers.payload_captured = static_cast<uint32_t>(end - payload);
  layers.payload_length = static_cast<uint32_t>(wire_end - payload);
  layers.take(order_ends<Family>(data + kEthernetHeader, ip_protocol, source, destination));
  return true;
}

}  // namespace detail

/// Of an Ethernet frame. False when it is not plain: `layers` then holds nothing of use.
[[gnu::always_inline]] inline bool parse_plain_frame(const Packet& packet, Layers& layers) noexcept {
  const size_t captured = packet.captured_length;
  const size_t wire = std::max<size_t>(packet.original_length, captured);
  switch (plain::network_of(packet)) {
    case IpFamily::V4: {
      const uint8_t* const header = packet.data + plain::kEthernetHeader;
      const size_t length = load_be16(header + 2);
      if (length < plain::kIpv4Header) return false;
      const size_t end = plain::kEthernetHeader + length;
      return detail::parse_plain_transport<IpFamily::V4>(packet.data, header[9], std::min(captured, end), std::min(wire, end), layers);
    }
    case IpFamily::V6: {
      const uint8_t* const header = packet.data + plain::kEthernetHeader;
      const size_t length = load_be16(header + 4);
      if (length == 0) return false;
      const size_t end = plain::kTransportAt<IpFamily::V6> + length;
      return detail::parse_plain_transport<IpFamily::V6>(packet.data, header[6], std::min(captured, end), std::min(wire, end), layers);
    }
    case IpFamily::None: break;  // there may be no bytes at all
  }
  return false;
}

}  // namespace wirewatch
