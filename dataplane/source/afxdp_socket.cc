// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/afxdp_socket.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>

namespace wirewatch {
namespace {

constexpr uint16_t kMultiBuffer = 1 << 4;  // XDP_USE_SG, Linux 6.6; not in the headers of 6.1

std::string worded(const XdpSocketOptions& options, const std::string& what, int error) {
  std::string text = "cannot " + what + " the AF_XDP socket on queue " + std::to_string(options.queue) + " of interface '" +
                     options.interface + "': " + std::generic_category().message(error);
  switch (error) {
    case EPERM:
    case EACCES:
      return text + ". AF_XDP needs the capability CAP_NET_RAW, and CAP_NET_ADMIN and CAP_BPF for its program";
    case ENOBUFS:
    case ENOMEM:
      return text + ". Its memory stays locked: CAP_IPC_LOCK, or a higher 'ulimit -l', is needed";
    case EBUSY:
      return text + ". Another AF_XDP socket has this queue";
    case ENETDOWN:
      return text + ". Bring the interface up first: 'ip link set " + options.interface + " up'";
    default:
      return text;
  }
}

}  // namespace

Result<std::unique_ptr<XdpSocket>> XdpSocket::open(const XdpSocketOptions& options) {
  constexpr uint32_t kMostFrames = 1u << 20;
  const bool sound = (options.frame_size == 2048 || options.frame_size == 4096) && std::has_single_bit(options.rx_frames) &&
                     options.rx_frames >= 64 && options.rx_frames <= kMostFrames && options.tx_frames <= kMostFrames &&
                     (options.tx_frames == 0 || std::has_single_bit(options.tx_frames));
  if (!sound) {
    return fail("afxdp:" + options.interface + ": frame_size must be 2048 or 4096, rx_frames a power of two from 64 to 1048576 "
                "and tx_frames one up to 1048576, or 0");
  }
  std::unique_ptr<XdpSocket> made(new XdpSocket(options));
  if (auto mapped = made->map_memory(); !mapped) return tl::unexpected(mapped.error());

  // The best that the driver and the kernel can do; each is refused by those that cannot.
  const uint16_t wanted[] = {XDP_ZEROCOPY | kMultiBuffer, XDP_ZEROCOPY, XDP_COPY | kMultiBuffer, XDP_COPY};
  int error = EOPNOTSUPP;
  for (const uint16_t flags : wanted) {
    if ((flags & XDP_ZEROCOPY) != 0 && !options.zero_copy) continue;
    error = made->bind(static_cast<uint16_t>(flags | XDP_USE_NEED_WAKEUP));
    if (error == 0) {
      made->zero_copy_ = (flags & XDP_ZEROCOPY) != 0;
      made->multi_buffer_ = (flags & kMultiBuffer) != 0;
      made->fill_all();
      return made;
    }
    if (error == EPERM || error == ENOBUFS || error == ENETDOWN) break;
  }
  return fail(worded(options, "open", error));
}

XdpSocket::~XdpSocket() {
  if (socket_ != nullptr) xsk_socket__delete(socket_);
  if (umem_ != nullptr) xsk_umem__delete(umem_);
  if (memory_ != nullptr) munmap(memory_, memory_bytes_);
}

Result<void> XdpSocket::map_memory() {
  memory_bytes_ = uint64_t{options_.rx_frames + options_.tx_frames} * options_.frame_size;
  void* memory = mmap(nullptr, memory_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    return fail(worded(options_, "allocate " + std::to_string(memory_bytes_ >> 20) + " MiB for", errno));
  }
  memory_ = static_cast<uint8_t*>(memory);
  return {};
}

/// A socket and UMEM made afresh, since a refused one keeps what was set. 0 or an error number.
int XdpSocket::bind(uint16_t flags) noexcept {
  const xsk_umem_config memory{.fill_size = options_.rx_frames,
                               .comp_size = std::max(options_.tx_frames, 64u),
                               .frame_size = options_.frame_size,
                               .frame_headroom = 0,  // XDP's own 256 bytes hold the stamps
                               .flags = 0};
  if (const int error = xsk_umem__create(&umem_, memory_, memory_bytes_, &fill, &completion, &memory); error != 0) {
    umem_ = nullptr;
    return -error;
  }
  const xsk_socket_config config{.rx_size = options_.rx_frames,
                                 .tx_size = options_.tx_frames,
                                 .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                                 .xdp_flags = 0,
                                 .bind_flags = flags};
  const int error = xsk_socket__create(&socket_, options_.interface.c_str(), options_.queue, umem_, &rx,
                                       options_.tx_frames > 0 ? &tx : nullptr, &config);
  if (error == 0) return 0;
  socket_ = nullptr;
  xsk_umem__delete(umem_);
  umem_ = nullptr;
  return -error;
}

void XdpSocket::fill_all() noexcept {
  uint32_t slot = 0;
  if (xsk_ring_prod__reserve(&fill, options_.rx_frames, &slot) != options_.rx_frames) return;
  for (uint32_t i = 0; i < options_.rx_frames; ++i) {
    *xsk_ring_prod__fill_addr(&fill, slot + i) = uint64_t{i} * options_.frame_size;
  }
  xsk_ring_prod__submit(&fill, options_.rx_frames);
}

}  // namespace wirewatch
