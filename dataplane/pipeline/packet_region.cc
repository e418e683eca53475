// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/packet_region.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace wirewatch {
namespace {

constexpr size_t kPage = 4096;
constexpr unsigned kMostWorkers = 256;
constexpr uint64_t kMostRingBytes = uint64_t{4} << 30;

constexpr size_t in_pages(size_t bytes) noexcept { return (bytes + kPage - 1) / kPage * kPage; }
constexpr size_t kRingHeaderBytes = in_pages(sizeof(PacketRingHeader));
constexpr size_t kWorkersOffset = in_pages(sizeof(PacketRegionHeader));

constexpr bool sensible(uint64_t workers, uint64_t ring_bytes) noexcept {
  return workers >= 1 && workers <= kMostWorkers && ring_bytes >= kPage && ring_bytes <= kMostRingBytes && ring_bytes % kPage == 0;
}

/// Everything about a region follows from these.
constexpr PacketRegionHeader header_of(unsigned workers, uint64_t ring_bytes) noexcept {
  PacketRegionHeader header{};
  header.magic = kPacketRegionMagic;
  header.version = kPacketRegionVersion;
  header.header_bytes = sizeof(PacketRegionHeader);
  header.workers = workers;
  header.most_taps = kMostTaps;
  header.ring_bytes = ring_bytes;
  header.workers_offset = kWorkersOffset;
  header.worker_bytes = kRingHeaderBytes + ring_bytes;
  header.total_bytes = header.workers_offset + workers * header.worker_bytes;
  return header;
}

}  // namespace

Result<PacketRegion> PacketRegion::create(unsigned workers, size_t ring_bytes, uint64_t generation) {
  if (!sensible(workers, ring_bytes)) {
    return fail("a ring of captured packets has whole pages, 4 KiB to 4 GiB, and there are 1 to 256 of them; not " +
                std::to_string(workers) + " of " + std::to_string(ring_bytes) + " bytes");
  }
  PacketRegionHeader header = header_of(workers, ring_bytes);
  header.generation = generation;
  header.pid = getpid();
  auto memory = SharedMemory::create("wirewatch-packets", header.total_bytes);
  if (!memory) return tl::unexpected(memory.error());
  PacketRegion region(std::move(*memory));
  uint8_t* const start = region.memory_.data();
  store_shared(*reinterpret_cast<PacketRegionHeader*>(start), header);
  for (unsigned worker = 0; worker < workers; ++worker) {
    uint8_t* const part = start + header.workers_offset + worker * header.worker_bytes;
    auto& ring = *reinterpret_cast<PacketRingHeader*>(part);
    region.rings_.push_back(std::make_unique<PacketRingWriter>(ring, part + kRingHeaderBytes, ring_bytes));
  }
  return region;
}

Result<void> PacketRegion::reserve() {
  if (reserved_) return {};
  if (::fallocate(memory_.fd(), 0, 0, static_cast<off_t>(memory_.size())) != 0) {
    return fail("no memory for the rings of captured packets, " + std::to_string(memory_.size() >> 20) + " MiB in all: " +
                std::strerror(errno) + "; lower capture_ring_mib");
  }
  // Into this process's page table as well. Control may write anything into it at any time; so nothing is changed here.
  for (size_t at = 0; at < memory_.size(); at += kPage) {
    std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(memory_.data() + at)).fetch_or(0, std::memory_order_relaxed);
  }
  reserved_ = true;
  return {};
}

Result<PacketRegionReader> PacketRegionReader::map(int fd) {
  auto memory = SharedMemory::map(fd);
  if (!memory) return tl::unexpected(memory.error());
  if (memory->size() < kWorkersOffset) return fail("the packets' shared memory is too small for its header");
  const auto header = load_shared(*reinterpret_cast<const PacketRegionHeader*>(memory->data()));
  if (header.magic != kPacketRegionMagic) return fail("the shared memory is none of captured packets");
  if (header.version != kPacketRegionVersion) {
    return fail("the packets' shared memory has layout " + std::to_string(header.version) + ", expected " +
                std::to_string(kPacketRegionVersion) + "; data plane and control must be of one version");
  }
  if (!sensible(header.workers, header.ring_bytes)) return fail("the packets' shared memory names impossible sizes");
  PacketRegionHeader expected = header_of(header.workers, header.ring_bytes);
  expected.generation = header.generation;
  expected.pid = header.pid;
  if (std::memcmp(&header, &expected, sizeof header) != 0 || memory->size() != expected.total_bytes) {
    return fail("the packets' shared memory is not laid out as its header says");
  }
  return PacketRegionReader(std::move(*memory), header);
}

PacketRegionReader::PacketRegionReader(SharedMemory memory, const PacketRegionHeader& header)
    : memory_(std::move(memory)),
      generation_(header.generation),
      workers_offset_(header.workers_offset),
      worker_bytes_(header.worker_bytes) {
  rings_.reserve(header.workers);
  for (unsigned worker = 0; worker < header.workers; ++worker) {
    uint8_t* const part = memory_.data() + workers_offset_ + worker * worker_bytes_;
    rings_.emplace_back(*reinterpret_cast<PacketRingHeader*>(part), part + kRingHeaderBytes, header.ring_bytes);
  }
}

const PacketRingHeader& PacketRegionReader::header(unsigned worker) const noexcept {
  return *reinterpret_cast<const PacketRingHeader*>(memory_.data() + workers_offset_ + worker * worker_bytes_);
}

uint64_t PacketRegionReader::adopted_set(unsigned worker) const noexcept {
  return header(worker).adopted_set.load(std::memory_order_acquire);
}

std::optional<TapCounts> PacketRegionReader::counts(unsigned worker, uint8_t slot) const noexcept {
  if (slot >= kMostTaps) return std::nullopt;
  constexpr unsigned kTries = 1'000;
  TapCounts counts;
  const PacketRingHeader& ring = header(worker);
  if (!ring.counts_lock.read(kTries, [&] { counts = load_shared(ring.counts[slot]); })) return std::nullopt;
  return counts;
}

uint64_t PacketRegionReader::dropped_packets(unsigned worker) const noexcept {
  return header(worker).dropped_packets.load(std::memory_order_relaxed);
}

}  // namespace wirewatch
