// SPDX-License-Identifier: BSD-3-Clause
// Packets inside a payload that the parser does not open, since no flow is kept of them: headers that sFlow samples, LISP's
// data, version 0 of GTP, frames gathered into one over an access point's GRE. A filter sees their fields, as in tshark.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace wirewatch::filter {

struct CarriedPacket {
  std::span<const uint8_t> bytes;
  size_t wire_length = 0;
  uint16_t link_type = 0;
};

/// Those of one payload; further ones are not looked at.
struct CarriedPackets {
  static constexpr size_t kMost = 16;
  std::array<CarriedPacket, kMost> packets;
  size_t count = 0;
  bool sampled = false;  // only their beginnings

  std::span<const CarriedPacket> all() const noexcept { return std::span(packets).first(count); }
  void add(std::span<const uint8_t> bytes, size_t wire_length, uint16_t link_type) noexcept {
    if (count < kMost && !bytes.empty()) packets[count++] = {bytes, wire_length, link_type};
  }
};

/// May a UDP datagram between these ports carry packets?
constexpr bool may_carry_packets(uint16_t port, uint16_t other) noexcept {
  constexpr std::array<uint16_t, 3> kPorts{6343, 4341, 3386};
  for (const uint16_t one : kPorts) {
    if (port == one || other == one) return true;
  }
  return false;
}

CarriedPackets carried_in_udp(uint16_t source, uint16_t destination, std::span<const uint8_t> payload) noexcept;
/// `gre` begins with its header.
CarriedPackets carried_in_gre(std::span<const uint8_t> gre) noexcept;

}  // namespace wirewatch::filter
