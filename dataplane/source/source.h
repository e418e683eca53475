// SPDX-License-Identifier: BSD-3-Clause
// Where packets come from: every source, a file or a NIC queue, is polled for bursts by the same loop.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/timestamp.h"
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

/// Who stamped the packets.
enum class TimestampSource : uint8_t { File, Kernel, XdpMetadata, Nic, Tsc, Count };

inline constexpr std::array<std::string_view, static_cast<size_t>(TimestampSource::Count)> kTimestampSourceNames{
    "file", "kernel", "xdp-metadata", "nic", "tsc"};
static_assert(kTimestampSourceNames.back() == "tsc", "a timestamp source without a name");

constexpr std::string_view to_string(TimestampSource source) noexcept {
  return source < TimestampSource::Count ? kTimestampSourceNames[static_cast<size_t>(source)] : "none";
}

struct TimestampProperties {
  static constexpr int64_t kUnknownError = -1;

  TimestampSource source = TimestampSource::File;
  int64_t resolution_ns = 1;
  int64_t error_ns = kUnknownError;  // bound on the distance to UTC, live sources only
};

/// Packets a source knows to have missed, by the reason. The name lives as long as the program.
struct LossCounter {
  std::string_view name;  // a word_with_underscores, at most 47 characters
  uint64_t value = 0;
};

inline constexpr size_t kMostLossCounters = 32;

/// A source that goes on for ever: it has a clock of its own and says what it lost. All of it is called by the thread
/// that polls, never for a packet.
template <typename T>
concept LiveSource = PacketSource<T> && requires(T source, std::span<LossCounter> losses) {
  { source.now() } -> std::same_as<Timestamp>;              // by the clock that stamps its packets
  { source.timestamps() } -> std::same_as<TimestampProperties>;
  { source.read_losses(losses) } -> std::same_as<size_t>;   // fills the first of `losses` and says how many
};

}  // namespace wirewatch
