// SPDX-License-Identifier: BSD-3-Clause
// A VLAN tag that a NIC or the kernel took out of an Ethernet frame, back where it was.
#pragma once

#include <linux/if_ether.h>

#include <cstdint>
#include <cstring>

#include "dataplane/packet/packet.h"

namespace wirewatch {

inline constexpr uint32_t kVlanTagLength = 4;

/// Moves the addresses into the four bytes before `frame`, which the caller may write, and lets `packet` begin there.
/// Numbers in host order. A frame without both addresses is left alone.
inline bool put_back_vlan_tag(Packet& packet, uint8_t* frame, uint16_t protocol, uint16_t tci) noexcept {
  constexpr size_t kAddresses = 2 * ETH_ALEN;
  if (packet.captured_length < kAddresses) return false;
  uint8_t* const start = frame - kVlanTagLength;
  std::memmove(start, frame, kAddresses);
  start[kAddresses] = static_cast<uint8_t>(protocol >> 8);
  start[kAddresses + 1] = static_cast<uint8_t>(protocol);
  start[kAddresses + 2] = static_cast<uint8_t>(tci >> 8);
  start[kAddresses + 3] = static_cast<uint8_t>(tci);
  packet.data = start;
  packet.captured_length += kVlanTagLength;
  packet.original_length += kVlanTagLength;
  return true;
}

}  // namespace wirewatch
