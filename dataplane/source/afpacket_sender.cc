// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/afpacket_sender.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "dataplane/source/afpacket.h"

namespace wirewatch {

Result<std::unique_ptr<AfPacketSender>> AfPacketSender::open(const std::string& interface) {
  const auto found = find_interface(interface);
  if (!found) return tl::unexpected(found.error());
  const auto kind = frame_kind(found->hardware_type);
  constexpr uint16_t kEthernet = 1;
  if (!kind || kind->link_type != kEthernet) return fail("frames can be sent on Ethernet only, which '" + interface + "' is not");

  FileDescriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));  // protocol 0 receives nothing
  if (!socket) return fail(packet_socket_error("cannot open a packet socket to send on '" + interface + "'", errno));
  const auto set = [&](int level, int option, int value) {
    return setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
  };
  // Not past the queueing discipline (PACKET_QDISC_BYPASS): that path cannot cut segments and drops such frames.
  constexpr int kSendBuffer = 8 << 20;
  if (!set(SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer)) set(SOL_SOCKET, SO_SNDBUF, kSendBuffer);  // as much as we may
  if (!set(SOL_PACKET, PACKET_VNET_HDR, 1)) {
    return fail(packet_socket_error("cannot keep offloads of frames sent on '" + interface + "'", errno));
  }
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = found->index;
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return fail(packet_socket_error("cannot send on '" + interface + "'", errno));
  }
  return std::unique_ptr<AfPacketSender>(new AfPacketSender(std::move(socket)));
}

size_t AfPacketSender::send(std::span<const Packet> packets) noexcept {
  size_t sent = 0;
  while (!packets.empty()) {
    const size_t count = std::min(packets.size(), kBurstSize);
    sent += send_burst(packets.first(count));
    packets = packets.subspan(count);
  }
  return sent;
}

size_t AfPacketSender::send_burst(std::span<const Packet> packets) noexcept {
  std::array<mmsghdr, kBurstSize> messages{};
  std::array<std::array<iovec, 2>, kBurstSize> pieces;
  FrameOffloads nothing_owed;
  for (size_t i = 0; i < packets.size(); ++i) {
    auto* const frame = const_cast<uint8_t*>(packets[i].data);
    const bool owes = from_ != nullptr && from_->has_offloads(frame);
    pieces[i][0] = {owes ? static_cast<void*>(frame - FrameOffloads::kBeforeFrame) : &nothing_owed, sizeof(FrameOffloads)};
    pieces[i][1] = {frame, packets[i].captured_length};
    messages[i].msg_hdr.msg_iov = pieces[i].data();
    messages[i].msg_hdr.msg_iovlen = 2;
  }
  size_t sent = 0;
  for (size_t at = 0; at < packets.size();) {
    const auto left = static_cast<unsigned>(packets.size() - at);
    const int taken = sendmmsg(socket_.get(), &messages[at], left, MSG_DONTWAIT);
    if (taken > 0) {
      sent += static_cast<size_t>(taken);
      at += static_cast<size_t>(taken);
    } else if (errno != EINTR) {
      count_failure(errno);  // of the first; those behind it may still go
      ++at;
    }
  }
  return sent;
}

void AfPacketSender::count_failure(int error) noexcept {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      ++no_room_;
      break;
    case EMSGSIZE:
      ++too_long_;
      break;
    case ENETDOWN:
    case ENXIO:
    case ENODEV:
      ++link_down_;
      break;
    default:
      ++refused_;
  }
}

size_t AfPacketSender::read_losses(std::span<LossCounter> losses) const noexcept {
  const LossCounter all[] = {{"packet_socket_tx_no_room", no_room_},
                             {"packet_socket_tx_too_long", too_long_},
                             {"packet_socket_tx_link_down", link_down_},
                             {"packet_socket_tx_refused", refused_}};
  const size_t count = std::min(losses.size(), std::size(all));
  std::copy_n(all, count, losses.begin());
  return count;
}

}  // namespace wirewatch
