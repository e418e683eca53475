// SPDX-License-Identifier: BSD-3-Clause
// A packet socket with a TPACKET_V3 ring: options, set-up, and the memory that kernel and source share.
#pragma once

#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/source/interface_info.h"

namespace wirewatch {

struct AfPacketOptions {
  std::string interface;
  uint16_t port = 0;                   // what Packet::interface says
  unsigned queues = 1;                 // sockets that share the interface by flow hash, one a worker
  uint32_t block_size = 512 << 10;     // a power of two, at least a page; a frame longer than a block is cut
  uint32_t blocks = 64;                // ring memory is queues * blocks * block_size: 32 MiB a queue by default
  unsigned block_timeout_ms = 10;      // the longest that a frame waits in a block that is not full
  uint32_t snap_length = 262'144;      // bytes of each frame that are kept
  bool promiscuous = true;
  bool ignore_outgoing = false;        // see received frames only; always so on loopback, which shows each frame twice
  bool hardware_stamps = false;        // have the NIC stamp every frame, where it can
  bool forwarded = false;              // frames will be sent on by an AfPacketSender: keep checksum and segmentation offloads

  uint64_t ring_bytes() const noexcept { return uint64_t{block_size} * blocks; }
};

/// The ring, mapped.
class PacketRing {
 public:
  PacketRing() noexcept = default;
  PacketRing(PacketRing&& other) noexcept;
  PacketRing& operator=(PacketRing&& other) noexcept;
  ~PacketRing();
  static Result<PacketRing> map(int socket, size_t block_size, size_t blocks);

  tpacket_block_desc* block(size_t index) const noexcept {
    return reinterpret_cast<tpacket_block_desc*>(memory_ + index * block_size_);
  }
  size_t blocks() const noexcept { return blocks_; }
  bool holds(const uint8_t* at) const noexcept { return at >= memory_ && at < memory_ + blocks_ * block_size_; }

 private:
  uint8_t* memory_ = nullptr;
  size_t block_size_ = 0;
  size_t blocks_ = 0;
};

struct PacketSocket {
  FileDescriptor fd;
  PacketRing ring;
};

/// Bytes kept free before each frame: for a VLAN tag put back, and the offloads of a frame that is sent on.
inline constexpr unsigned kPacketHeadroom = 32;

/// One socket a queue, in one fanout group by symmetric flow hash, bound and receiving. Both directions of a flow meet
/// in one socket, and so do the fragments of a datagram, by their addresses alone.
Result<std::vector<PacketSocket>> open_packet_sockets(const AfPacketOptions& options, const InterfaceInfo& interface,
                                                      const FrameKind& kind);

/// `what` and the error number in words; for a missing privilege, which one it is and how to get it.
std::string packet_socket_error(const std::string& what, int error);

}  // namespace wirewatch
