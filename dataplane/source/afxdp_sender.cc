// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/afxdp_sender.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wirewatch {

AfXdpSender::AfXdpSender(XdpSocket& socket) : socket_(socket) {
  const XdpSocketOptions& options = socket.options();
  free_.reserve(options.tx_frames);
  for (uint32_t i = 0; i < options.tx_frames; ++i) {
    free_.push_back(socket.first_tx_frame() + uint64_t{i} * options.frame_size);
  }
}

size_t AfXdpSender::send(std::span<const Packet> packets) noexcept {
  take_back_sent();
  size_t sent = 0;
  for (const Packet& packet : packets) sent += place(packet);
  if (sent > 0) wake_kernel();
  return sent;
}

bool AfXdpSender::place(const Packet& packet) noexcept {
  const uint32_t frame_size = socket_.options().frame_size;
  const uint32_t pieces = std::max(1u, (packet.captured_length + frame_size - 1) / frame_size);
  if (pieces > 1 && !socket_.multi_buffer()) {
    ++too_long_;
    return false;
  }
  uint32_t slot = 0;
  if (free_.size() < pieces || xsk_ring_prod__reserve(&socket_.tx, pieces, &slot) != pieces) {
    ++no_room_;
    return false;
  }
  for (uint32_t piece = 0; piece < pieces; ++piece) {
    const uint32_t from = piece * frame_size;
    const uint32_t length = std::min(packet.captured_length - from, frame_size);
    const uint64_t address = free_.back();
    free_.pop_back();
    std::memcpy(socket_.at(address), packet.data + from, length);
    *xsk_ring_prod__tx_desc(&socket_.tx, slot + piece) = {
        .addr = address, .len = length, .options = piece + 1 < pieces ? kMorePiecesFollow : 0};
  }
  xsk_ring_prod__submit(&socket_.tx, pieces);
  return true;
}

void AfXdpSender::take_back_sent() noexcept {
  uint32_t slot = 0;
  const uint32_t count = xsk_ring_cons__peek(&socket_.completion, socket_.options().tx_frames, &slot);
  for (uint32_t i = 0; i < count; ++i) free_.push_back(*xsk_ring_cons__comp_addr(&socket_.completion, slot + i));
  if (count > 0) xsk_ring_cons__release(&socket_.completion, count);
}

/// Once is enough for a driver that sends by itself; in copy mode the kernel sends some 32 frames a call, on the thread
/// that asks.
void AfXdpSender::wake_kernel() noexcept {
  uint32_t left_before = 0;
  for (;;) {
    const uint32_t left = *socket_.tx.producer - __atomic_load_n(socket_.tx.consumer, __ATOMIC_ACQUIRE);
    if (left == 0 || left == left_before || xsk_ring_prod__needs_wakeup(&socket_.tx) == 0) return;
    left_before = left;
    // Link down, or no memory: they go out with the next burst.
    if (sendto(socket_.fd(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) < 0 && errno != EAGAIN) return;
    if (socket_.zero_copy()) return;
  }
}

size_t AfXdpSender::read_losses(std::span<LossCounter> losses) const noexcept {
  const LossCounter all[] = {{"xdp_tx_no_room", no_room_}, {"xdp_tx_too_long", too_long_}};
  const size_t count = std::min(losses.size(), std::size(all));
  std::copy_n(all, count, losses.begin());
  return count;
}

}  // namespace wirewatch
