// SPDX-License-Identifier: BSD-3-Clause
// The shared memory that tapped packets travel in: a memory file of its own with one PacketRing a worker, made when the
// first tap is set, so that nobody pays for it before. Bytes of a stranger for whoever maps it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/pipeline/packet_ring.h"
#include "dataplane/pipeline/shared_memory.h"

namespace wirewatch {

inline constexpr uint64_t kPacketRegionMagic = 0x3130545057574d53;  // "SMWWPT01"
inline constexpr uint32_t kPacketRegionVersion = 1;

struct PacketRegionHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t total_bytes;
  uint64_t generation;      // of the data plane, as in SharedHeader
  int64_t pid;
  uint32_t workers;
  uint32_t most_taps;
  uint64_t ring_bytes;      // of packets, a worker
  uint64_t workers_offset, worker_bytes;  // one after the other
};
static_assert(SharedWords<PacketRegionHeader>);

/// The data plane's side.
class PacketRegion {
 public:
  /// `ring_bytes` a worker, in whole pages, is only asked of the system by reserve().
  static Result<PacketRegion> create(unsigned workers, size_t ring_bytes, uint64_t generation);

  /// Takes the memory, so that no packet has to wait for a page. Before the first tap set is handed over.
  Result<void> reserve();
  bool reserved() const noexcept { return reserved_; }
  int fd() const noexcept { return memory_.fd(); }
  /// For that worker's thread alone, as long as this region is there.
  PacketRingWriter& ring(unsigned worker) noexcept { return *rings_[worker]; }

 private:
  explicit PacketRegion(SharedMemory memory) : memory_(std::move(memory)) {}

  SharedMemory memory_;
  std::vector<std::unique_ptr<PacketRingWriter>> rings_;
  bool reserved_ = false;
};

/// Control's side.
class PacketRegionReader {
 public:
  /// Refuses what is no region of this version, or does not hold together.
  static Result<PacketRegionReader> map(int fd);

  unsigned workers() const noexcept { return static_cast<unsigned>(rings_.size()); }
  uint64_t generation() const noexcept { return generation_; }
  PacketRingReader& ring(unsigned worker) noexcept { return rings_[worker]; }
  /// The tap set that worker runs. Everything that earlier sets matched is in the ring, or counted as dropped, by then.
  uint64_t adopted_set(unsigned worker) const noexcept;
  /// What became of the packets for the tap in that slot; nothing while the worker is always in the way of reading.
  std::optional<TapCounts> counts(unsigned worker, uint8_t slot) const noexcept;
  /// Packets that found the ring full, whatever taps they were for.
  uint64_t dropped_packets(unsigned worker) const noexcept;

 private:
  PacketRegionReader(SharedMemory memory, const PacketRegionHeader& header);
  const PacketRingHeader& header(unsigned worker) const noexcept;

  SharedMemory memory_;
  uint64_t generation_;
  uint64_t workers_offset_, worker_bytes_;
  std::vector<PacketRingReader> rings_;
};

}  // namespace wirewatch
