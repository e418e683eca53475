// SPDX-License-Identifier: BSD-3-Clause
// Frames that a filter's port test rules out by two bytes at a fixed place. Most filters people type name a port, most
// frames are TCP right behind Ethernet and IP, and nothing in such a frame can be another port: no need to parse it. What
// passes the gate still has to pass the filter.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/packet.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {

class PortGate {
 public:
  /// For a filter that is a port test, or several tests joined by "and" of which one is, written the plain way:
  /// "tcp.port == 111 and ip.src == 10.0.0.1". Anything with an "or", a "not" or a parenthesis has no gate.
  static std::optional<PortGate> of(std::string_view filter);

  /// True when the filter cannot hold for the frame.
  bool shuts_out(const Packet& packet) const noexcept {
    constexpr uint32_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40;
    using transport_number::kTcp;
    constexpr uint8_t kVersion4WithoutOptions = 0x45;
    const uint8_t* const data = packet.data;
    if (packet.link_type != 1 || packet.captured_length < kEthernet + kIpv4 + 4) return false;
    const uint16_t ethertype = load_be16(data + 12);
    if (ethertype == 0x0800) {
      const bool plain = data[14] == kVersion4WithoutOptions && data[23] == kTcp && (load_be16(data + 20) & 0x3fff) == 0;
      return plain && !fits(data + kEthernet + kIpv4);
    }
    if (ethertype != 0x86dd || packet.captured_length < kEthernet + kIpv6 + 4) return false;
    return data[20] == kTcp && !fits(data + kEthernet + kIpv6);
  }

 private:
  enum class Field : uint8_t { TcpPort, TcpSource, TcpDestination, Udp };

  PortGate(Field field, uint16_t port) noexcept : field_(field), port_(port) {}
  bool fits(const uint8_t* tcp) const noexcept {
    const bool source = load_be16(tcp) == port_, destination = load_be16(tcp + 2) == port_;
    switch (field_) {
      case Field::TcpPort: return source || destination;
      case Field::TcpSource: return source;
      case Field::TcpDestination: return destination;
      case Field::Udp: break;
    }
    return false;
  }

  Field field_;
  uint16_t port_;
};

}  // namespace wirewatch
