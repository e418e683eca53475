// SPDX-License-Identifier: BSD-3-Clause
// Frames of a network interface as the kernel copies them to a packet socket: a passive view that takes nothing away
// from the host. Packets point into the ring that the kernel fills (TPACKET_V3); a block of it goes back when the
// burst that empties it is recycled. Owned and called by one thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/source/afpacket_socket.h"
#include "dataplane/source/kernel_clock.h"
#include "dataplane/source/nic_clock.h"
#include "dataplane/source/source.h"

namespace wirewatch {

class AfPacketSource {
 public:
  static constexpr bool kParses = false;

  /// One source a queue, all receiving. Needs CAP_NET_RAW in the network namespace.
  static Result<std::vector<std::unique_ptr<AfPacketSource>>> open(const AfPacketOptions& options);

  Poll poll(Burst& burst) noexcept;
  void recycle(Burst& burst) noexcept;
  /// Sleeps until there are packets, or for as long as it is told; for a loop that has found nothing to do.
  void wait(std::chrono::milliseconds timeout) noexcept;

  Timestamp now() noexcept;
  TimestampProperties timestamps() const noexcept;
  /// Frames that reached the socket and are not among the packets.
  size_t read_losses(std::span<LossCounter> losses) noexcept;
  /// What else is worth knowing: frames that came otherwise than they were on the wire.
  size_t read_remarks(std::span<LossCounter> remarks) const noexcept;
  /// Asks the kernel; frames flow again by themselves once a link that was down is up.
  LinkState link() const noexcept { return link_state(interface_.name, interface_.index); }

  // From any thread:
  /// Whether the NIC's stamps are taken, where it has them; for frames from now on.
  void use_hardware_stamps(bool wanted) noexcept;
  /// Who stamps, how well, and why not the NIC.
  std::string describe_clock() const;
  /// The NIC's clock, when there is one; the kernel's is the system's. On the thread that polls.
  NicClock* nic_clock() const noexcept { return nic_clock_.get(); }

  const InterfaceInfo& interface() const noexcept { return interface_; }
  /// Of the ring, in bytes.
  uint64_t memory() const noexcept { return options_.ring_bytes(); }
  /// Whether the frame is one of ours and has its FrameOffloads before it.
  bool has_offloads(const uint8_t* frame) const noexcept { return keeps_offloads_ && socket_.ring.holds(frame); }
  /// To poll(2) on, beside others.
  int fd() const noexcept { return socket_.fd.get(); }

 private:
  AfPacketSource(const AfPacketOptions& options, InterfaceInfo interface, FrameKind kind, PacketSocket socket);
  void take_clock(Result<std::unique_ptr<NicClock>> clock);

  bool open_block() noexcept;
  void give_back_block() noexcept;
  Packet take(tpacket3_hdr* header) noexcept;
  Timestamp time_of(const tpacket3_hdr& header) noexcept;
  void read_statistics() noexcept;
  void maintain_clock(Timestamp now) noexcept;
  void stamp_by_nic(bool by_nic) noexcept;

  AfPacketOptions options_;
  InterfaceInfo interface_;
  FrameKind kind_;
  PacketSocket socket_;
  bool keeps_offloads_;            // see AfPacketOptions::forwarded

  size_t block_ = 0;               // the next one that the kernel fills
  tpacket3_hdr* next_ = nullptr;   // in that block, when it is open
  uint32_t left_in_block_ = 0;
  bool block_open_ = false;
  uint32_t longest_whole_frame_;   // anything longer was put together by GRO or LRO
  std::array<Packet, kBurstSize> packets_;

  std::unique_ptr<NicClock> nic_clock_;  // none when the NIC does not stamp
  std::string without_nic_clock_;        // why
  bool hardware_refused_ = false;        // the clock turned out to be none

  uint64_t packets_seen_ = 0;
  uint64_t hardware_stamped_ = 0;
  uint64_t drops_ = 0;
  uint64_t freezes_ = 0;
  uint64_t merged_ = 0;
  uint64_t cut_by_ring_ = 0;
  uint64_t tags_put_back_ = 0;
};
static_assert(LiveSource<AfPacketSource>);

}  // namespace wirewatch
