// SPDX-License-Identifier: BSD-3-Clause
// The link layers other than Ethernet that a capture can start with: what the header is called and what follows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/packet.h"
#include "dataplane/packet/parse_status.h"
#include "dataplane/packet/protocol.h"

namespace wirewatch {

struct LinkHeader {
  Protocol protocol = Protocol::Unsupported;  // the node of the protocol hierarchy; None when there is none (DLT 228, 229)
  Protocol next = Protocol::None;             // what to parse at `offset`; None ends the walk
  size_t offset = 0;
  bool has_trailing_bytes = false;            // with next None: bytes follow that nothing claims
  ParseStatus status = ParseStatus::Understood;
};

/// IEEE 802.11 at `offset` of `bytes`: data frames in the clear carry LLC, everything else ends there. With
/// `maybe_swapped`, access points that send the frame control field's two bytes the wrong way round are understood.
LinkHeader read_wlan(std::span<const uint8_t> bytes, size_t offset, bool maybe_swapped) noexcept;

/// Reads the header of `packet.link_type`, a LINKTYPE_ value of the pcap registry.
LinkHeader read_link_header(const Packet& packet) noexcept;

}  // namespace wirewatch
