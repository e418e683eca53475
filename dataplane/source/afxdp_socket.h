// SPDX-License-Identifier: BSD-3-Clause
// One AF_XDP socket: the memory that it shares with the kernel (UMEM), cut into frames, and its four rings.
#pragma once

#include <linux/if_xdp.h>
#include <xdp/xsk.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/base/result.h"

namespace wirewatch {

struct XdpSocketOptions {
  std::string interface;
  unsigned queue = 0;
  uint32_t frame_size = 4096;  // 2048 or 4096; longer Ethernet frames arrive in several
  uint32_t rx_frames = 16384;  // a power of two; as many as the rings have room for
  uint32_t tx_frames = 0;      // a power of two, or 0 to receive only
  bool zero_copy = true;       // try it first
};

class XdpSocket {
 public:
  static Result<std::unique_ptr<XdpSocket>> open(const XdpSocketOptions& options);
  ~XdpSocket();
  XdpSocket(const XdpSocket&) = delete;
  XdpSocket& operator=(const XdpSocket&) = delete;

  const XdpSocketOptions& options() const noexcept { return options_; }
  int fd() const noexcept { return xsk_socket__fd(socket_); }
  bool zero_copy() const noexcept { return zero_copy_; }
  /// Frames longer than one of the UMEM's come in several pieces (Linux 6.6); else they are lost.
  bool multi_buffer() const noexcept { return multi_buffer_; }
  uint64_t memory_bytes() const noexcept { return memory_bytes_; }

  uint8_t* at(uint64_t address) const noexcept { return memory_ + address; }
  uint64_t frame_of(uint64_t address) const noexcept { return address & ~uint64_t{options_.frame_size - 1}; }
  uint64_t first_tx_frame() const noexcept { return uint64_t{options_.rx_frames} * options_.frame_size; }

  // Each ring has one user: rx and fill the thread that receives, tx and completion the thread that sends; on lines of
  // their own, since these may be two.
  xsk_ring_cons rx{};
  xsk_ring_prod fill{};
  alignas(64) xsk_ring_prod tx{};
  xsk_ring_cons completion{};

 private:
  explicit XdpSocket(const XdpSocketOptions& options) noexcept : options_(options) {}
  Result<void> map_memory();
  int bind(uint16_t flags) noexcept;
  void fill_all() noexcept;

  XdpSocketOptions options_;
  uint8_t* memory_ = nullptr;
  uint64_t memory_bytes_ = 0;
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
  bool zero_copy_ = false;
  bool multi_buffer_ = false;
};

/// Descriptors of all but the last piece of a frame (XDP_PKT_CONTD, not in the headers of Linux 6.1).
inline constexpr uint32_t kMorePiecesFollow = 1;

}  // namespace wirewatch
