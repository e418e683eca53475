// SPDX-License-Identifier: BSD-3-Clause
// Which flow a frame is of, without describing the frame: for whoever deals frames out to others, who then parse them.
#pragma once

#include <optional>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/flow_key.h"
#include "dataplane/packet/packet.h"
#include "dataplane/packet/plain_network.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace detail {

template <IpFamily Family>
inline std::optional<uint64_t> hash_of_ends(const uint8_t* frame, uint8_t ip_protocol) noexcept {
  const uint8_t* const ports = frame + plain::kTransportAt<Family>;
  const uint16_t source = load_be16(ports), destination = load_be16(ports + 2);
  const bool is_udp = ip_protocol == transport_number::kUdp;
  if (!is_udp && ip_protocol != transport_number::kTcp) return std::nullopt;
  if (is_udp && (is_tunnel_port(source) || is_tunnel_port(destination))) return std::nullopt;
  return hash(order_ends<Family>(frame + plain::kEthernetHeader, ip_protocol, source, destination).key);
}

}  // namespace detail

/// Layers::flow_hash of a frame whose ports stand where they mostly do: Ethernet, plain IP, then TCP, or UDP on ports that no
/// tunnel has. Nothing when only parse() can tell. Of a frame that parse() finds no flow in (its lengths are wrong, say) it may
/// be any number.
inline std::optional<uint64_t> plain_flow_hash(const Packet& packet) noexcept {
  constexpr uint16_t kEthernetLinkType = 1;
  if (packet.link_type != kEthernetLinkType) return std::nullopt;
  constexpr size_t kIpv4Protocol = plain::kEthernetHeader + 9, kIpv6NextHeader = plain::kEthernetHeader + 6;
  switch (plain::network_of(packet)) {
    case IpFamily::V4: return detail::hash_of_ends<IpFamily::V4>(packet.data, packet.data[kIpv4Protocol]);
    case IpFamily::V6: return detail::hash_of_ends<IpFamily::V6>(packet.data, packet.data[kIpv6NextHeader]);
    case IpFamily::None: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace wirewatch
