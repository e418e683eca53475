// SPDX-License-Identifier: BSD-3-Clause
// Flows sorted out in software, for devices that do not spread both directions of a flow to one queue: each worker parses
// what its queue holds, keeps its own flows and hands the others over rings to the workers whose they are.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/packet/parse.h"
#include "dataplane/source/dpdk_frames.h"
#include "dataplane/source/dpdk_port.h"
#include "dataplane/source/source.h"

struct rte_ring;

namespace wirewatch {

/// The rings of one port: from each worker to each other one, one writer and one reader.
class DpdkSteering {
 public:
  static Result<std::unique_ptr<DpdkSteering>> make(const DpdkPort& port, unsigned workers);
  ~DpdkSteering();

  unsigned workers() const noexcept { return workers_; }
  rte_ring* ring(unsigned from, unsigned to) const noexcept { return rings_[size_t{from} * workers_ + to]; }

  /// One worker receives: the others may be handed packets any moment and had better stay awake.
  void note_traffic() noexcept { last_traffic_.store(read_ticks(), std::memory_order_relaxed); }
  bool quiet() const noexcept { return static_cast<int64_t>(read_ticks() - last_traffic_.load(std::memory_order_relaxed)) > kQuietAfter; }

 private:
  explicit DpdkSteering(unsigned workers) : workers_(workers) {}

  static constexpr int64_t kQuietAfter = 1'000'000;  // ticks; some 0.4 ms

  unsigned workers_;
  std::vector<rte_ring*> rings_;
  alignas(64) std::atomic<uint64_t> last_traffic_{0};
};

class SteeredDpdkQueue {
 public:
  static constexpr bool kParses = true;

  /// Workers beyond the port's receive queues only take what the others hand them.
  SteeredDpdkQueue(DpdkPort& port, DpdkSteering& steering, unsigned worker, const ParseOptions& parse);
  ~SteeredDpdkQueue();
  SteeredDpdkQueue(const SteeredDpdkQueue&) = delete;
  SteeredDpdkQueue& operator=(const SteeredDpdkQueue&) = delete;

  Poll poll(Burst& burst) noexcept;
  void recycle(Burst& burst) noexcept;
  /// True, without sleeping, while other workers receive and may hand something over.
  bool wait(std::chrono::milliseconds) const noexcept { return !steering_.quiet(); }

  Timestamp now() const noexcept;
  TimestampProperties timestamps() const { return port_.timestamps(); }
  size_t read_losses(std::span<LossCounter>) const noexcept { return 0; }  // as for DpdkQueue

  const FrameCounts& counts() const noexcept { return reader_.counts(); }
  uint64_t wrong_queue() const noexcept { return wrong_queue_.get(); }
  uint64_t steering_full() const noexcept { return steering_full_.get(); }

 private:
  bool take_handed_over(Burst& burst) noexcept;
  bool take_own(Burst& burst) noexcept;
  void hand_over(unsigned to) noexcept;

  struct Parcel {
    std::array<rte_mbuf*, kBurstSize> buffers;
    size_t count = 0;
  };

  DpdkPort& port_;
  DpdkSteering& steering_;
  unsigned worker_;
  ParseOptions parse_;
  FrameReader reader_;
  SharedCount wrong_queue_;    // packets of flows that belong to another worker, handed on
  SharedCount steering_full_;  // packets lost since the other worker's ring was full
  std::array<rte_mbuf*, kBurstSize> buffers_{};
  std::array<Packet, kBurstSize> packets_;
  size_t count_ = 0;
  uint64_t arrived_ = 0;      // when the last packets were taken, in ticks
  unsigned next_from_ = 0;
  unsigned ring_bursts_ = 0;  // on end
  std::vector<Parcel> parcels_;  // by worker
};
static_assert(LiveSource<SteeredDpdkQueue>);

}  // namespace wirewatch
