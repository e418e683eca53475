// SPDX-License-Identifier: BSD-3-Clause
// The sending half of an AF_XDP socket: puts frames on the interface in the order they are given. For the second port of
// a pair. One thread sends, which need not be the one that receives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/source/afxdp_socket.h"
#include "dataplane/source/source.h"

namespace wirewatch {

class AfXdpSender {
 public:
  explicit AfXdpSender(XdpSocket& socket);

  /// Copies the frames and hands them to the kernel with one system call or a few; returns how many it took. The rest
  /// are lost, and counted.
  size_t send(std::span<const Packet> packets) noexcept;
  /// Frames that were given to send() and did not go out.
  size_t read_losses(std::span<LossCounter> losses) const noexcept;

 private:
  bool place(const Packet& packet) noexcept;
  void take_back_sent() noexcept;
  void wake_kernel() noexcept;

  XdpSocket& socket_;
  std::vector<uint64_t> free_;  // frames, by address
  uint64_t no_room_ = 0;
  uint64_t too_long_ = 0;
};

}  // namespace wirewatch
