// SPDX-License-Identifier: BSD-3-Clause
// Puts frames on an interface through a packet socket, in the order they are given. For the second port of a pair, and
// owned by the one thread that sends.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/result.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/source/frame_offloads.h"
#include "dataplane/source/source.h"

namespace wirewatch {

class AfPacketSource;

class AfPacketSender {
 public:
  /// An Error when the interface is none of Ethernet, or CAP_NET_RAW is missing.
  static Result<std::unique_ptr<AfPacketSender>> open(const std::string& interface);

  /// Frames from this source, opened with `forwarded`, are sent with the checksums and segments that they still owe. It
  /// must outlive the sender.
  void keep_offloads_of(const AfPacketSource& source) noexcept { from_ = &source; }

  /// Hands the frames to the kernel, a burst a system call; returns how many it took. The rest are lost, and counted.
  size_t send(std::span<const Packet> packets) noexcept;
  /// Frames that were given to send() and did not go out.
  size_t read_losses(std::span<LossCounter> losses) const noexcept;

 private:
  explicit AfPacketSender(FileDescriptor socket) noexcept : socket_(std::move(socket)) {}
  size_t send_burst(std::span<const Packet> packets) noexcept;
  void count_failure(int error) noexcept;

  FileDescriptor socket_;
  const AfPacketSource* from_ = nullptr;
  uint64_t no_room_ = 0;
  uint64_t too_long_ = 0;
  uint64_t link_down_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace wirewatch
