// SPDX-License-Identifier: BSD-3-Clause
// Bytes to layers: walks every header of a frame down to the innermost transport, opening tunnels on the way.
// Reads nothing but the frame, keeps nothing between frames, so any thread may parse any frame.
#pragma once

#include <span>

#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

struct ParseOptions {
  bool vlan_in_key = false;  // tell flows of different VLANs apart (mirrors often tag the two directions differently)
  bool vni_in_key = false;   // tell flows of different VXLAN or GENEVE networks apart
};

/// Fills `layers` with what the frame holds. Names and nesting are those of `tshark -z io,phs` without reassembly.
/// Never fails: a frame that breaks off or lies about its lengths is described as far as it goes, with the reason in
/// `layers.status`.
void parse(const Packet& packet, const ParseOptions& options, Layers& layers) noexcept;

/// Parses one after the other while the headers of those to come are on their way from memory.
void parse_all(std::span<const Packet> packets, const ParseOptions& options, std::span<Layers> layers) noexcept;

}  // namespace wirewatch
