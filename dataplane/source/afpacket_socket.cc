// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/afpacket_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/net_tstamp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <bit>
#include <cerrno>
#include <system_error>
#include <utility>

namespace wirewatch {
namespace {

template <typename Value>
bool set(int socket, int level, int option, const Value& value) noexcept {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

/// Classic BPF: keep that many bytes of every frame; 0 is none at all.
bool keep_bytes(int socket, uint32_t count) noexcept {
  sock_filter keep{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = count};
  return set(socket, SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog{.len = 1, .filter = &keep});
}

Result<void> check(const AfPacketOptions& options) {
  const std::string where = "afpacket:" + options.interface + ": ";
  constexpr unsigned kMostQueues = 256;  // PACKET_FANOUT_MAX before Linux 5.18
  if (options.queues == 0 || options.queues > kMostQueues) return fail(where + "queues must be 1 to 256");
  if (!std::has_single_bit(options.block_size) || options.block_size < 4096 || options.block_size > (64u << 20)) {
    return fail(where + "block_size must be a power of two from 4096 to 67108864");
  }
  if (options.blocks < 2 || options.ring_bytes() > (uint64_t{4} << 30) - 1) {
    return fail(where + "blocks must be at least 2, and blocks times block_size less than 4 GiB");
  }
  if (options.block_timeout_ms == 0) return fail(where + "block_timeout_ms must be at least 1");
  if (options.snap_length == 0) return fail(where + "snap_length must be at least 1");
  return {};
}

/// The first member makes the group with an id that nobody else has; the rest join it.
Result<void> join_fanout(int socket, const std::string& where, bool first, uint16_t& group) {
  const int mode = PACKET_FANOUT_HASH | (first ? PACKET_FANOUT_FLAG_UNIQUEID : 0);
  if (!set(socket, SOL_PACKET, PACKET_FANOUT, (mode << 16) | group)) {
    return fail(packet_socket_error("cannot share " + where + " among several queues", errno));
  }
  int joined = 0;
  socklen_t length = sizeof joined;
  if (getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &joined, &length) != 0) {
    return fail(packet_socket_error("cannot read the queue group of " + where, errno));
  }
  group = static_cast<uint16_t>(joined & 0xffff);
  return {};
}

bool ask_for_stamps(int socket, bool hardware) noexcept {
  constexpr int kSoftware = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  constexpr int kHardware = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
  // Without the first, a frame would be stamped only when it reaches this socket.
  return set(socket, SOL_SOCKET, SO_TIMESTAMPING, kSoftware | (hardware ? kHardware : 0)) &&
         set(socket, SOL_PACKET, PACKET_TIMESTAMP, int{SOF_TIMESTAMPING_SOFTWARE});  // the NIC's once its clock is known
}

Result<PacketSocket> open_one(const AfPacketOptions& options, const InterfaceInfo& interface, const FrameKind& kind) {
  const std::string where = "interface '" + interface.name + "'";
  // Protocol 0 receives nothing: the filter is in place before the first frame.
  PacketSocket made{.fd = FileDescriptor(::socket(AF_PACKET, (kind.cooked ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC, 0)),
                    .ring = {}};
  if (!made.fd) return fail(packet_socket_error("cannot open a packet socket for " + where, errno));
  const int fd = made.fd.get();
  const auto failed = [&](const char* what) {
    return fail(packet_socket_error(std::string("cannot ") + what + " of the packet socket for " + where, errno));
  };
  if (!keep_bytes(fd, 0)) return failed("set the filter");
  if (!set(fd, SOL_PACKET, PACKET_VERSION, int{TPACKET_V3})) return failed("set the ring version");
  if (!set(fd, SOL_PACKET, PACKET_RESERVE, kPacketHeadroom)) return failed("reserve headroom");
  if (options.forwarded && !kind.cooked && !set(fd, SOL_PACKET, PACKET_VNET_HDR, 1)) return failed("keep the offloads");
  if (!ask_for_stamps(fd, options.hardware_stamps)) return failed("turn on the time stamps");
  if ((options.ignore_outgoing || interface.loopback) && !set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) {
    return failed("ignore sent frames");
  }
  tpacket_req3 ring{};
  ring.tp_block_size = options.block_size;
  ring.tp_block_nr = options.blocks;
  ring.tp_frame_size = 2048;  // of no consequence in version 3 but for these two numbers having to agree
  ring.tp_frame_nr = options.block_size / 2048 * options.blocks;
  ring.tp_retire_blk_tov = options.block_timeout_ms;
  if (!set(fd, SOL_PACKET, PACKET_RX_RING, ring)) {
    return failed(("allocate the ring (" + std::to_string(options.ring_bytes() >> 20) + " MiB)").c_str());
  }
  auto mapped = PacketRing::map(fd, options.block_size, options.blocks);
  if (!mapped) return tl::unexpected(mapped.error());
  made.ring = std::move(*mapped);

  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_ALL);
  to.sll_ifindex = interface.index;
  if (bind(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return fail(packet_socket_error("cannot listen on " + where, errno));
  }
  if (options.promiscuous) {
    packet_mreq all{};
    all.mr_ifindex = interface.index;
    all.mr_type = PACKET_MR_PROMISC;
    if (!set(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, all)) return failed("turn on promiscuous mode");
  }
  return made;
}

}  // namespace

std::string packet_socket_error(const std::string& what, int error) {
  std::string text = what + ": " + std::generic_category().message(error);
  if (error == EPERM || error == EACCES) {
    text += ". Packet sockets need the capability CAP_NET_RAW: start as root, or give it to the program with "
            "'setcap cap_net_raw+ep PROGRAM'. In a user and network namespace of its own ('unshare -rn') no privilege is needed";
  }
  return text;
}

PacketRing::PacketRing(PacketRing&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      block_size_(other.block_size_),
      blocks_(std::exchange(other.blocks_, 0)) {}

PacketRing& PacketRing::operator=(PacketRing&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(block_size_, other.block_size_);
  std::swap(blocks_, other.blocks_);
  return *this;
}

PacketRing::~PacketRing() {
  if (memory_ != nullptr) munmap(memory_, block_size_ * blocks_);
}

Result<PacketRing> PacketRing::map(int socket, size_t block_size, size_t blocks) {
  void* memory = mmap(nullptr, block_size * blocks, PROT_READ | PROT_WRITE, MAP_SHARED, socket, 0);
  if (memory == MAP_FAILED) return fail(packet_socket_error("cannot map the ring of the packet socket", errno));
  PacketRing ring;
  ring.memory_ = static_cast<uint8_t*>(memory);
  ring.block_size_ = block_size;
  ring.blocks_ = blocks;
  return ring;
}

Result<std::vector<PacketSocket>> open_packet_sockets(const AfPacketOptions& options, const InterfaceInfo& interface,
                                                      const FrameKind& kind) {
  if (auto sound = check(options); !sound) return tl::unexpected(sound.error());
  std::vector<PacketSocket> sockets;
  uint16_t group = 0;
  for (unsigned queue = 0; queue < options.queues; ++queue) {
    auto made = open_one(options, interface, kind);
    if (!made) return tl::unexpected(made.error());
    if (options.queues > 1) {
      auto joined = join_fanout(made->fd.get(), "interface '" + interface.name + "'", queue == 0, group);
      if (!joined) return tl::unexpected(joined.error());
    }
    sockets.push_back(std::move(*made));
  }
  // Only now that all have joined does a flow always reach the same one.
  for (const PacketSocket& one : sockets) {
    if (!keep_bytes(one.fd.get(), options.snap_length)) {
      return fail(packet_socket_error("cannot set the snapshot length on interface '" + interface.name + "'", errno));
    }
  }
  return sockets;
}

}  // namespace wirewatch
