// SPDX-License-Identifier: BSD-3-Clause
// Where packets come from: every source, a file or a NIC queue, is polled for bursts by the same loop.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

inline constexpr size_t kBurstSize = 64;

struct ParsedPacket {
  const Packet* packet;
  const Layers* layers;
};

/// Up to kBurstSize packets. A source points `packets` at its own and leaves the parsing to the loop, or, when they
/// were parsed on the way (to steer them to workers), fills `parsed` itself.
struct Burst {
  std::span<const Packet> packets;
  std::array<Layers, kBurstSize> layers;
  std::array<ParsedPacket, kBurstSize> parsed;
  size_t count = 0;
};

enum class Poll : uint8_t {
  Packets,  // the burst holds at least one
  Idle,     // nothing at the moment
  End,      // nothing any more
};

template <typename T>
concept PacketSource = requires(T source, Burst& burst) {
  { source.poll(burst) } -> std::same_as<Poll>;
  { source.recycle(burst) };
  { T::kParses } -> std::convertible_to<bool>;  // fills Burst::parsed itself
};

}  // namespace wirewatch
