// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/packet_line.h"

#include "control/packets/describe.h"
#include "control/packets/describe_memory.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {


}  // namespace

const uint8_t* last_header(const Frame& frame, Protocol protocol, size_t least) noexcept {
  for (size_t i = frame.layers.depth; i-- > 0;) {
    if (frame.layers.protocols[i] != protocol) continue;
    const size_t offset = frame.layers.offsets[i];
    return offset + least <= frame.packet.captured_length ? frame.packet.data + offset : nullptr;
  }
  return nullptr;
}

PacketDescriber::PacketDescriber() : memory_(std::make_unique<DescribeMemory>()), unseen_(std::make_unique<PacketLine>()) {}
PacketDescriber::~PacketDescriber() = default;
PacketDescriber::PacketDescriber(PacketDescriber&&) noexcept = default;
PacketDescriber& PacketDescriber::operator=(PacketDescriber&&) noexcept = default;

void PacketDescriber::describe(const Frame& frame, PacketLine& line) noexcept {
  line.clear();
  describe_addresses(frame, line);
  if (frame.layers.has_flow) {
    describe_transport(frame, *memory_, line);
  } else if (frame.layers.inner_family != IpFamily::None) {
    describe_network(frame, *memory_, line);
  } else {
    describe_link(frame, line);
  }
}

void PacketDescriber::remember(const Frame& frame) noexcept {
  const Layers& layers = frame.layers;
  const Protocol last = layers.depth > 0 ? layers.protocols[layers.depth - 1u] : Protocol::None;
  const bool refers = layers.has_flow ? layers.key.ip_protocol == transport_number::kTcp || layers.payload_captured > 0 : last == Protocol::Icmp || last == Protocol::Icmpv6;
  if (refers) describe(frame, *unseen_);
}

}  // namespace wirewatch
