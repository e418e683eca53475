// SPDX-License-Identifier: BSD-3-Clause
// What the parser found in one frame: which headers in which order, where, and what the later stages need of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/packet/flow_key.h"
#include "dataplane/packet/packet.h"
#include "dataplane/packet/parse_status.h"
#include "dataplane/packet/protocol.h"

namespace wirewatch {

inline constexpr size_t kMaxLayers = 16;  // tshark's protocol hierarchy stops at the same depth

namespace tcp_flag {
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
}

struct Layers {
  std::array<Protocol, kMaxLayers> protocols{};  // outermost first; unused places are Protocol::None
  std::array<uint16_t, kMaxLayers> offsets{};    // where each header starts in the frame
  uint8_t depth = 0;
  ParseStatus status = ParseStatus::Understood;

  // The outermost IP header: what the destinations table counts.
  IpFamily outer_family = IpFamily::None;  // None when the frame has no IP header
  uint8_t outer_ip_protocol = 0;           // the transport right behind it; 0 when it has no ports
  uint16_t outer_offset = 0;               // of the outermost IP header
  uint16_t outer_source_port = 0;
  uint16_t outer_destination_port = 0;

  // The innermost IP header, equal to the outermost without a tunnel.
  uint16_t inner_offset = 0;
  IpFamily inner_family = IpFamily::None;
  bool has_flow = false;                   // a whole TCP, UDP or SCTP header stands behind it
  bool tunneled = false;                   // the flow's IP header is not the outermost
  bool source_is_low = false;              // which end of `key` sent this frame
  uint8_t tcp_flags = 0;
  uint8_t payload_layer = 0;               // depth at which an application node belongs
  FlowKey key;
  uint64_t flow_hash = 0;

  uint32_t tcp_sequence = 0;
  uint32_t tcp_acknowledgment = 0;
  uint32_t payload_offset = 0;             // in the frame
  uint32_t payload_captured = 0;           // bytes of it that were captured
  uint32_t payload_length = 0;             // bytes of it on the wire, by the IP and UDP lengths

  /// What parsing a frame relies on being empty; the rest is only meaningful when these say so.
  void clear() noexcept {
    protocols.fill(Protocol::None);
    depth = 0;
    status = ParseStatus::Understood;
    outer_family = inner_family = IpFamily::None;
    outer_ip_protocol = 0;
    outer_offset = inner_offset = 0;
    outer_source_port = outer_destination_port = 0;
    has_flow = tunneled = false;
    tcp_flags = 0;
    payload_layer = 0;
    payload_offset = payload_captured = payload_length = 0;
  }

  void take(const OrderedEnds& ends) noexcept {
    ends.key.store(key);
    flow_hash = hash(ends.key);
    source_is_low = ends.source_is_low;
    has_flow = true;
  }

  std::span<const uint8_t> payload(const Packet& packet) const noexcept {
    return {packet.data + payload_offset, payload_captured};
  }
};

inline IpAddress ip_source(const uint8_t* header, IpFamily family) noexcept {
  return family == IpFamily::V4 ? IpAddress::v4(header + 12) : IpAddress::v6(header + 8);
}
inline IpAddress ip_destination(const uint8_t* header, IpFamily family) noexcept {
  return family == IpFamily::V4 ? IpAddress::v4(header + 16) : IpAddress::v6(header + 24);
}

}  // namespace wirewatch
