// SPDX-License-Identifier: BSD-3-Clause
// Frames taken from a network interface before the kernel's network stack sees them: AF_XDP sockets behind our own XDP
// program. What arrives here is gone for the host, so this is for mirror ports and for ports in pairs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/source/afxdp_sender.h"
#include "dataplane/source/afxdp_socket.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/source/interface_info.h"
#include "dataplane/source/joined_frames.h"
#include "dataplane/source/source.h"
#include "dataplane/source/xdp_stamps.h"
#include "dataplane/xdp/xdp_program.h"

namespace wirewatch {

struct AfXdpOptions {
  std::string interface;
  uint16_t port = 0;             // what Packet::interface says
  unsigned queues = 0;           // RX queues, from 0 on; 0 for as many as the interface has
  uint32_t frame_size = 0;       // 2048 or 4096; 0 for the smaller one that holds frames of the interface's MTU
  uint32_t rx_frames = 16384;    // a queue; memory is queues * (rx_frames + tx_frames) * frame_size: 32 MiB a queue
  uint32_t tx_frames = 0;        // 2048 for a port that frames are sent out of
  XdpOptions::Mode mode = XdpOptions::Mode::Auto;
  bool zero_copy = true;
  bool hardware_stamps = true;
  bool promiscuous = true;
};

/// One RX queue. Packets point into the UMEM; their frames go back to the kernel when the burst is recycled. Owned and
/// called by one thread, but for the sender, which may be another's.
class AfXdpSource {
 public:
  static constexpr bool kParses = false;

  /// `clock` may be none: then the NIC's stamps are left aside.
  AfXdpSource(const AfXdpOptions& options, const InterfaceInfo& interface, std::unique_ptr<XdpSocket> socket,
              std::unique_ptr<NicClock> clock);

  Poll poll(Burst& burst) noexcept;
  void recycle(Burst& burst) noexcept;
  /// Sleeps until there are packets, or for as long as it is told; for a loop that has found nothing to do.
  void wait(std::chrono::milliseconds timeout) noexcept;

  Timestamp now() noexcept;
  TimestampProperties timestamps() const noexcept;
  /// Frames that the program redirected here and that are not among the packets.
  size_t read_losses(std::span<LossCounter> losses) noexcept;
  /// The rest of XDP_STATISTICS, and frames that came otherwise than they were on the wire.
  size_t read_remarks(std::span<LossCounter> remarks) noexcept;
  LinkState link() const noexcept { return link_state(interface_.name, interface_.index); }

  // From any thread:
  /// Whether the NIC's stamps are taken, where it has them; a moment later.
  void use_hardware_stamps(bool wanted) noexcept { stamps_.use_nic(wanted); }
  /// Who stamps, and how well.
  std::string describe_clock() const;
  /// The NIC's clock, when there is one; the kernel's is the system's. On the thread that polls.
  NicClock* nic_clock() const noexcept { return stamps_.nic_clock(); }

  const InterfaceInfo& interface() const noexcept { return interface_; }
  const XdpSocket& socket() const noexcept { return *socket_; }
  uint64_t memory() const noexcept { return socket_->memory_bytes(); }
  int fd() const noexcept { return socket_->fd(); }
  /// To send out of this queue; only with tx_frames.
  AfXdpSender& sender() noexcept { return sender_; }

 private:
  void wake_kernel() noexcept;
  const xdp_desc& piece(uint32_t index) const noexcept;
  void fetch(uint32_t index) const noexcept;
  Packet take(uint32_t from, uint32_t to, size_t index) noexcept;
  void stamp(Packet& packet, uint8_t* frame) noexcept;

  InterfaceInfo interface_;
  std::unique_ptr<XdpSocket> socket_;
  alignas(64) AfXdpSender sender_;
  alignas(64) JoinedFrames joined_;
  XdpStamps stamps_;
  Timestamp last_time_;
  uint16_t port_;

  std::array<Packet, kBurstSize> packets_;
  uint32_t pieces_taken_ = 0;  // of the RX ring, to give back
  uint32_t first_piece_ = 0;

  uint64_t packets_seen_ = 0;
  uint64_t unstamped_ = 0;
  uint64_t tags_put_back_ = 0;
};
static_assert(LiveSource<AfXdpSource>);

/// An interface taken over: the program on it, and a source for each queue.
struct AfXdpPort {
  std::unique_ptr<XdpProgram> program;
  std::vector<std::unique_ptr<AfXdpSource>> sources;
  FileDescriptor promiscuous;         // keeps the mode on while it is open
  std::vector<std::string> warnings;  // what will not be as it was on the wire, and the command that mends it

  /// Needs CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON and CAP_IPC_LOCK.
  static Result<AfXdpPort> open(const AfXdpOptions& options);
};

}  // namespace wirewatch
