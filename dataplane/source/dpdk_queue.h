// SPDX-License-Identifier: BSD-3-Clause
// A receive queue of a DPDK port as a source for one worker; of an inline pair also the way out by the other port.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>

#include "dataplane/source/dpdk_frames.h"
#include "dataplane/source/dpdk_port.h"
#include "dataplane/source/source.h"

namespace wirewatch {

struct ForwardCounts {
  SharedCount forwarded;
  SharedCount blocked;         // on the drop list
  SharedCount tx_full;         // the other port did not take them in time
  SharedCount shed_inspection; // forwarded unseen, to keep up
};

class DpdkQueue {
 public:
  static constexpr bool kParses = false;

  DpdkQueue(DpdkPort& port, unsigned queue);
  ~DpdkQueue();
  DpdkQueue(const DpdkQueue&) = delete;
  DpdkQueue& operator=(const DpdkQueue&) = delete;

  /// Everything received leaves by this port, in the order it came. Before the first poll.
  void forward_to(const DpdkPort& partner) noexcept { partner_ = &partner; }
  /// What must be kept back even when a burst is not inspected: bits of the packets it is asked about. noexcept.
  void guard_with(std::function<uint64_t(std::span<const Packet>)> guard) { guard_ = std::move(guard); }

  Poll poll(Burst& burst) noexcept;
  void recycle(Burst& burst) noexcept;
  /// Sends the burst on; bit i of `drop` keeps packet i back. Does nothing without a partner.
  void forward(uint64_t drop) noexcept;
  void forward(const Burst&, uint64_t drop) noexcept { forward(drop); }
  /// Sleeps until the device interrupts or the time is up; false when the device cannot.
  bool wait(std::chrono::milliseconds timeout) noexcept;

  /// By the clock that stamps: a capture's own time goes on from its last packet.
  Timestamp now() const noexcept;
  TimestampProperties timestamps() const { return port_.timestamps(); }
  /// None: the device's counters are the port's, for one thread to read. libpcap's, under net_pcap, go wrong otherwise.
  size_t read_losses(std::span<LossCounter>) const noexcept { return 0; }

  const FrameCounts& counts() const noexcept { return reader_.counts(); }
  const ForwardCounts& forwarded() const noexcept { return forward_counts_; }

 private:
  uint16_t receive() noexcept;
  void send(std::span<rte_mbuf*> buffers) noexcept;
  bool behind() noexcept;
  void shed() noexcept;

  DpdkPort& port_;
  uint16_t queue_;
  const DpdkPort* partner_ = nullptr;
  std::function<uint64_t(std::span<const Packet>)> guard_;
  FrameReader reader_;
  ForwardCounts forward_counts_;
  std::array<rte_mbuf*, kBurstSize> buffers_{};
  std::array<rte_mbuf*, kBurstSize> leaving_{};
  std::array<Packet, kBurstSize> packets_;
  uint16_t count_ = 0;
  uint64_t arrived_ = 0;
  unsigned full_bursts_ = 0;  // one after the other: how far behind we are
  bool shedding_ = false;
  bool interrupt_ready_ = false;
};
static_assert(LiveSource<DpdkQueue>);

}  // namespace wirewatch
