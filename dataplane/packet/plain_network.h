// SPDX-License-Identifier: BSD-3-Clause
// What begins nearly every frame: Ethernet, then IPv4 without options and not a fragment, or IPv6 whose next header is not
// looked into, and room for two ports behind it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/packet.h"

namespace wirewatch::plain {

inline constexpr size_t kEthernetHeader = 14, kIpv4Header = 20, kIpv6Header = 40, kPorts = 4;

template <IpFamily Family>
inline constexpr size_t kTransportAt = kEthernetHeader + (Family == IpFamily::V4 ? kIpv4Header : kIpv6Header);

/// Of an Ethernet frame: the family of the IP header at kEthernetHeader when ports can stand at kTransportAt of it, otherwise
/// None.
inline IpFamily network_of(const Packet& packet) noexcept {
  constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
  constexpr uint8_t kVersionAndLength = 0x45;
  constexpr uint16_t kFragment = 0x3fff;  // more to come, or an offset
  if (packet.captured_length < kTransportAt<IpFamily::V4> + kPorts) return IpFamily::None;
  const uint8_t* const header = packet.data + kEthernetHeader;
  switch (load_be16(packet.data + 12)) {
    case kIpv4:
      return header[0] == kVersionAndLength && (load_be16(header + 6) & kFragment) == 0 ? IpFamily::V4 : IpFamily::None;
    case kIpv6:
      return packet.captured_length >= kTransportAt<IpFamily::V6> + kPorts && header[0] >> 4 == 6 ? IpFamily::V6 : IpFamily::None;
    default:
      return IpFamily::None;
  }
}

}  // namespace wirewatch::plain
