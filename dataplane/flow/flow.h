// SPDX-License-Identifier: BSD-3-Clause
// One flow as the worker keeps it: one cache line that every packet touches, one for what is needed now and then, and a
// side record that lives only while the handshake or the classification is still open. Written by the one worker that
// owns the table.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/packet/flow_key.h"
#include "dataplane/packet/traffic.h"

namespace wirewatch {

inline constexpr uint32_t kNoSlot = 0xffffffff;
inline constexpr uint16_t kNoPath = 0xffff;

/// What one end sent. `payload_*` counts whole frames that carry at least one byte for the application.
struct DirectionCounts {
  uint64_t bytes = 0;
  uint64_t payload_bytes = 0;
  uint64_t packets = 0;
  uint64_t payload_packets = 0;

  void add(uint32_t frame_bytes, bool payload) noexcept {
    ++packets;
    bytes += frame_bytes;
    if (!payload) return;
    ++payload_packets;
    payload_bytes += frame_bytes;
  }
  DirectionCounts& operator+=(const DirectionCounts& other) noexcept {
    bytes += other.bytes;
    payload_bytes += other.payload_bytes;
    packets += other.packets;
    payload_packets += other.payload_packets;
    return *this;
  }
};

/// The same in half the room, as the flow's line holds it.
struct SmallCounts {
  uint32_t packets = 0;
  uint32_t payload_packets = 0;
  uint32_t bytes = 0;
  uint32_t payload_bytes = 0;

  /// False when they are full: nothing was added, they are to be emptied first.
  [[gnu::always_inline]] bool add(uint32_t frame_bytes, bool payload) noexcept {
    const uint64_t sum = uint64_t{bytes} + frame_bytes;
    if (((sum >> 32) | (packets == std::numeric_limits<uint32_t>::max())) != 0) [[unlikely]] return false;
    bytes = static_cast<uint32_t>(sum);
    ++packets;
    payload_packets += payload ? 1 : 0;
    payload_bytes += payload ? frame_bytes : 0;
    return true;
  }
  DirectionCounts wide() const noexcept {
    return {.bytes = bytes, .payload_bytes = payload_bytes, .packets = packets, .payload_packets = payload_packets};
  }
};

/// A key as the flow's line holds it: an IPv4 key whole, any other as a hash that FlowRest::key must confirm.
struct ShortKey {
  uint64_t addresses = 0;
  uint64_t ends = 0;  // ports, protocol, shape in one word: compared as bytes, they would go through memory, and stall there

  static constexpr uint64_t pack(uint32_t ports, uint8_t ip_protocol, uint8_t shape) noexcept {
    return ports | uint64_t{ip_protocol} << 32 | uint64_t{shape} << 40;
  }
  uint8_t shape() const noexcept { return static_cast<uint8_t>(ends >> 40); }  // 0 of a place without a flow

  static constexpr uint8_t kWhole = 1, kHashed = 2;

  explicit ShortKey(const FlowKey& key) noexcept {
    using detail::load, detail::mix;
    const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
    const auto ports = load<uint32_t>(bytes + 32);
    const auto low = load<uint64_t>(bytes), high = load<uint64_t>(bytes + 16);
    if (key.family == IpFamily::V4 && (key.vlan | key.vni) == 0) {
      ends = pack(ports, key.ip_protocol, kWhole);
      addresses = low << 32 | high;  // four bytes each, the others are zero
    } else {
      ends = pack(ports, key.ip_protocol, kHashed);
      addresses = mix(low ^ load<uint64_t>(bytes + 8), high ^ load<uint64_t>(bytes + 24) ^ 0x9e3779b97f4a7c15u);
    }
  }
};

/// What every packet touches.
struct alignas(64) Flow {
  uint64_t addresses = 0;            // these four are the ShortKey
  uint32_t ports = 0;
  uint8_t ip_protocol = 0;
  uint8_t shape = 0;
  uint16_t flags = 0;
  Timestamp last_time;               // largest
  std::array<uint16_t, 2> path{kNoPath, kNoPath};  // protocol path of each direction's frames
  uint32_t side = kNoSlot;           // the pipeline's record of what is still open, or kNoSlot
  std::array<SmallCounts, 2> recent{};  // since they were last folded: [0] what the low end of the key sent, [1] the high

  static constexpr uint16_t kClientIsLow = 0x01, kClientKnown = 0x02, kClassified = 0x04, kReset = 0x08, kFinLow = 0x10,
                            kFinHigh = 0x20, kSynSeen = 0x40, kPayloadSeen = 0x80, kBlocked = 0x100, kFolded = 0x200,
                            kNamesPeers = 0x400, kAnswersNames = 0x800, kNamesTold = 0x1000;
  bool has(uint16_t flag) const noexcept { return (flags & flag) != 0; }
  void set(uint16_t flag) noexcept { flags = static_cast<uint16_t>(flags | flag); }
  void clear(uint16_t flag) noexcept { flags = static_cast<uint16_t>(flags & ~flag); }
  bool client_is_low() const noexcept { return has(kClientIsLow); }
  bool closed() const noexcept { return has(kReset) || (has(kFinLow) && has(kFinHigh)); }
  bool in_use() const noexcept { return shape != 0; }
  bool is(const ShortKey& key) const noexcept {
    return addresses == key.addresses && ShortKey::pack(ports, ip_protocol, shape) == key.ends;
  }
  uint64_t recent_packets() const noexcept { return uint64_t{recent[0].packets} + recent[1].packets; }
};
static_assert(sizeof(Flow) == 64, "one cache line for every packet");

/// What is needed when a flow begins, is folded or ends, and by packets out of the ordinary.
struct alignas(64) FlowRest {
  FlowKey key;
  uint32_t client_sequence = 0;      // initial sequence number of the last SYN, to know its late copies
  Timestamp first_time;              // smallest
  uint32_t other_paths = kNoSlot;    // counts of frames on further paths, see OtherPath
  ApplicationId application = kUnknownApplication;
  Evidence evidence = Evidence::None;
  uint8_t interface = 0;             // of the first frame; 255 stands for all from there on
};
static_assert(sizeof(FlowRest) == 64 && sizeof(Flow) + sizeof(FlowRest) == 128, "128 bytes a flow: DESIGN section 6");

/// What is asked for only when a flow begins or ends.
struct FlowNote {
  uint64_t first_frame = 0;
  uint32_t names = 0;       // place of its NameSheet in the worker's name arena, 0 is none
  uint16_t signature = 0;
  uint16_t incarnation = 0; // how often the slot was used before
};

/// Of flows that are reported as they go on: everything they were ever folded with.
struct FlowTotals {
  std::array<Traffic, 2> sent{};  // by the low and the high end
};

/// Frames of a flow that came over another protocol path than its first (mirrors that tag, mixed tunnels), or that were
/// more than SmallCounts can hold.
struct OtherPath {
  DirectionCounts counts;
  uint16_t path = kNoPath;
  bool from_low = false;
  uint32_t next = kNoSlot;
};

}  // namespace wirewatch
