// SPDX-License-Identifier: BSD-3-Clause
#include "tests/netns/frame_sender.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dataplane/source/interface_info.h"

namespace wirewatch::testing {

FrameSender::FrameSender(const std::string& interface) : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  if (!socket_) throw std::system_error(errno, std::generic_category(), "packet socket");
  const auto found = find_interface(interface);
  if (!found) throw std::runtime_error(found.error().message);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = found->index;
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind to " + interface);
  }
  const int past_the_qdisc = 1;
  setsockopt(socket_.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &past_the_qdisc, sizeof past_the_qdisc);
}

void FrameSender::send(const Bytes& frame) {
  if (send({&frame, 1}) != 1) throw std::system_error(errno, std::generic_category(), "send");
}

size_t FrameSender::send(std::span<const Bytes> frames) {
  constexpr size_t kAtOnce = 256;
  std::array<mmsghdr, kAtOnce> messages{};
  std::array<iovec, kAtOnce> pieces{};
  size_t sent = 0;
  while (sent < frames.size()) {
    const size_t count = std::min(kAtOnce, frames.size() - sent);
    for (size_t i = 0; i < count; ++i) {
      const Bytes& frame = frames[sent + i];
      pieces[i] = {const_cast<uint8_t*>(frame.data()), frame.size()};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int taken = sendmmsg(socket_.get(), messages.data(), static_cast<unsigned>(count), 0);
    if (taken < 0 && (errno == ENOBUFS || errno == EAGAIN)) continue;
    if (taken <= 0) break;
    sent += static_cast<size_t>(taken);
  }
  return sent;
}

}  // namespace wirewatch::testing
