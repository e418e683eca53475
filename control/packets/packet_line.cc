// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/packet_line.h"

#include "control/packets/describe.h"

namespace wirewatch {

const uint8_t* last_header(const Frame& frame, Protocol protocol, size_t least) noexcept {
  for (size_t i = frame.layers.depth; i-- > 0;) {
    if (frame.layers.protocols[i] != protocol) continue;
    const size_t offset = frame.layers.offsets[i];
    return offset + least <= frame.packet.captured_length ? frame.packet.data + offset : nullptr;
  }
  return nullptr;
}

void describe(const Frame& frame, PacketLine& line) noexcept {
  line.clear();
  describe_addresses(frame, line);
  if (frame.layers.has_flow) {
    describe_transport(frame, line);
  } else if (frame.layers.inner_family != IpFamily::None) {
    describe_network(frame, line);
  } else {
    describe_link(frame, line);
  }
}

}  // namespace wirewatch
