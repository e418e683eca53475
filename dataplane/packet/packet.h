// SPDX-License-Identifier: BSD-3-Clause
// One frame as a source hands it over: where its bytes are, how long it was on the wire, and the time it brings.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

struct Packet {
  const uint8_t* data = nullptr;   // owned by the source, valid until the burst is recycled
  uint32_t captured_length = 0;    // bytes at `data`
  uint32_t original_length = 0;    // bytes on the wire (may be more, with a snapshot length)
  Timestamp time = kNoTimestamp;   // kNoTimestamp when the source has none for this frame
  uint64_t number = 0;             // 1 for the first frame of the source, as Wireshark's frame.number
  uint16_t link_type = 1;          // LINKTYPE_ value of the pcap registry
  uint16_t interface = 0;          // pcapng interface or port, counted over all sections

  std::span<const uint8_t> bytes() const noexcept { return {data, captured_length}; }
};

}  // namespace wirewatch
