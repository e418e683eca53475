// SPDX-License-Identifier: BSD-3-Clause
// One flow as the worker keeps it: two cache lines that every packet touches, and a side record that lives only
// while the handshake or the classification is still open. Written by the one worker that owns the table.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/packet/flow_key.h"

namespace wirewatch {

inline constexpr uint32_t kNoSlot = 0xffffffff;
inline constexpr uint16_t kNoPath = 0xffff;

/// What one end sent. `payload_*` counts whole frames that carry at least one byte for the application.
struct DirectionCounts {
  uint64_t bytes = 0;
  uint64_t payload_bytes = 0;
  uint32_t packets = 0;
  uint32_t payload_packets = 0;
};

struct alignas(64) Flow {
  FlowKey key;
  uint32_t side = kNoSlot;           // the pipeline's record of what is still open, or kNoSlot
  Timestamp first_time;              // smallest
  Timestamp last_time;               // largest
  std::array<DirectionCounts, 2> counts{};  // [0] what the low end of the key sent, [1] the high end
  std::array<uint16_t, 2> path{kNoPath, kNoPath};  // protocol path of each direction's frames
  uint32_t client_sequence = 0;      // initial sequence number of the last SYN, to know its late copies
  uint32_t other_paths = kNoSlot;    // counts of frames on further paths, see OtherPath
  ApplicationId application = kUnknownApplication;
  Evidence evidence = Evidence::None;
  uint8_t flags = 0;

  static constexpr uint8_t kClientIsLow = 0x01, kClientKnown = 0x02, kClassified = 0x04, kReset = 0x08,
                           kFinLow = 0x10, kFinHigh = 0x20, kSynSeen = 0x40;
  bool has(uint8_t flag) const noexcept { return (flags & flag) != 0; }
  bool client_is_low() const noexcept { return has(kClientIsLow); }
  bool closed() const noexcept { return has(kReset) || (has(kFinLow) && has(kFinHigh)); }
};
static_assert(sizeof(Flow) == 128, "two cache lines a flow: DESIGN section 6");

/// What is asked for only when a flow begins or ends.
struct FlowNote {
  uint64_t first_frame = 0;
  uint32_t host = 0;        // place in the worker's name arena, 0 is none
  uint16_t signature = 0;
};

/// Frames of a flow that came over another protocol path than its first (mirrors that tag, mixed tunnels).
struct OtherPath {
  DirectionCounts counts;
  uint16_t path = kNoPath;
  bool from_low = false;
  uint32_t next = kNoSlot;
};

}  // namespace wirewatch
