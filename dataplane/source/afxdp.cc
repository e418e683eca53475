// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/afxdp.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/base/prefetch.h"
#include "dataplane/source/afpacket_socket.h"
#include "dataplane/source/vlan_tag.h"

namespace wirewatch {
namespace {

/// A packet socket that receives nothing and holds the interface in promiscuous mode: AF_XDP cannot ask for it.
Result<FileDescriptor> hold_promiscuous(const InterfaceInfo& interface) {
  FileDescriptor holder(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  packet_mreq all{};
  all.mr_ifindex = interface.index;
  all.mr_type = PACKET_MR_PROMISC;
  if (!holder || setsockopt(holder.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0) {
    return fail(packet_socket_error("cannot turn on promiscuous mode on interface '" + interface.name + "'", errno));
  }
  return holder;
}

Result<std::unique_ptr<XdpProgram>> attached_program(const AfXdpOptions& options, const InterfaceInfo& interface) {
  XdpOptions wanted{.interface = interface.name,
                    .interface_index = interface.index,
                    .mode = options.mode,
                    .hardware_stamps = options.hardware_stamps};
  for (;;) {
    auto program = XdpProgram::load(wanted);
    if (!program) return program;
    const auto attached = (*program)->attach();
    if (attached) return program;
    // The variant that asks the NIC for its time runs in the driver or not at all; the other one has more ways.
    if (!(*program)->hardware_stamps() || options.mode != XdpOptions::Mode::Auto) return tl::unexpected(attached.error());
    wanted.hardware_stamps = false;
  }
}

/// Room for XDP's headroom, the link header and two tags beside the MTU.
uint32_t frame_size_for(const InterfaceInfo& interface) noexcept {
  constexpr uint32_t kAroundPayload = 256 + 14 + 8;
  return interface.mtu + kAroundPayload <= 2048 ? 2048 : 4096;
}

/// Each queue follows the clock by itself: they share nothing.
std::unique_ptr<NicClock> clock_for(AfXdpPort& port, const std::string& interface) {
  if (!port.program->hardware_stamps()) return nullptr;
  auto clock = NicClock::of_interface(interface);
  if (clock) return std::move(*clock);
  if (port.sources.empty()) port.warnings.push_back("frames are stamped by the kernel: " + clock.error().message);
  return nullptr;
}

void add_warnings(AfXdpPort& port, const InterfaceInfo& interface) {
  if (!port.program->hardware_stamps() && strips_vlan(interface.name)) {
    port.warnings.push_back("interface '" + interface.name + "' takes VLAN tags out of frames before XDP sees them: "
                       "'ethtool -K " + interface.name + " rxvlan off'");
  }
  const AfXdpSource& first = *port.sources.front();
  if (interface.driver == "veth" && first.socket().options().tx_frames > 0) {
    port.warnings.push_back("frames from the other end of the veth pair '" + interface.name + "' may lack their checksums, which "
                            "nobody fills in when they are sent on: 'ethtool -K PEER tx off' at that end");
  }
  if (!first.socket().multi_buffer() && interface.mtu + 14 + 8 + 256 > first.socket().options().frame_size) {
    port.warnings.push_back("this kernel hands frames longer than " + std::to_string(first.socket().options().frame_size - 256) +
                            " bytes to no AF_XDP socket (Linux 6.6 does), and the MTU of interface '" + interface.name +
                            "' allows them: they are counted as lost");
  }
}

}  // namespace

Result<AfXdpPort> AfXdpPort::open(const AfXdpOptions& options) {
  const auto interface = find_interface(options.interface);
  if (!interface) return tl::unexpected(interface.error());
  const unsigned queues = options.queues == 0 ? interface->rx_queues : options.queues;
  if (queues > interface->rx_queues || queues > xdp::MOST_QUEUES) {
    return fail("afxdp:" + interface->name + ": " + std::to_string(queues) + " queues were asked for, but the interface has " +
                std::to_string(interface->rx_queues) + "; 'ethtool -L " + interface->name + " combined N' sets them");
  }
  AfXdpPort port;
  auto program = attached_program(options, *interface);
  if (!program) return tl::unexpected(program.error());
  port.program = std::move(*program);
  const uint32_t frame_size = options.frame_size != 0 ? options.frame_size : frame_size_for(*interface);
  for (unsigned queue = 0; queue < queues; ++queue) {
    auto socket = XdpSocket::open({.interface = interface->name,
                                   .queue = queue,
                                   .frame_size = frame_size,
                                   .rx_frames = options.rx_frames,
                                   .tx_frames = options.tx_frames,
                                   .zero_copy = options.zero_copy && port.program->native()});
    if (!socket) return tl::unexpected(socket.error());
    auto clock = clock_for(port, interface->name);
    port.sources.push_back(std::make_unique<AfXdpSource>(options, *interface, std::move(*socket), std::move(clock)));
  }
  if (options.promiscuous) {
    auto held = hold_promiscuous(*interface);
    if (!held) return tl::unexpected(held.error());
    port.promiscuous = std::move(*held);
  }
  for (unsigned queue = 0; queue < queues; ++queue) {
    if (auto served = port.program->serve(queue, port.sources[queue]->fd()); !served) return tl::unexpected(served.error());
  }
  add_warnings(port, *interface);
  return port;
}

AfXdpSource::AfXdpSource(const AfXdpOptions& options, const InterfaceInfo& interface, std::unique_ptr<XdpSocket> socket,
                         std::unique_ptr<NicClock> clock)
    : interface_(interface),
      socket_(std::move(socket)),
      sender_(*socket_),
      joined_(socket_->multi_buffer()),
      stamps_(std::move(clock)),
      last_time_(utc_now()),
      port_(options.port) {
  stamps_.maintain(last_time_);
}

Poll AfXdpSource::poll(Burst& burst) noexcept {
  burst.count = 0;
  const uint32_t pieces = xsk_ring_cons__peek(&socket_->rx, kBurstSize, &first_piece_);
  size_t count = 0;
  uint32_t taken = 0;  // pieces of the frames that are there to their end
  for (uint32_t i = 0; i < pieces; ++i) {
    constexpr uint32_t kAhead = 8;
    if (i + kAhead < pieces) fetch(i + kAhead);
    if ((piece(i).options & kMorePiecesFollow) != 0) continue;
    packets_[count] = take(taken, i + 1, count);
    taken = i + 1;
    ++count;
  }
  if (taken < pieces) xsk_ring_cons__cancel(&socket_->rx, pieces - taken);
  pieces_taken_ = taken;
  if (count == 0) {
    if (xsk_ring_prod__needs_wakeup(&socket_->fill) != 0) wake_kernel();
    return Poll::Idle;
  }
  burst.packets = {packets_.data(), count};
  burst.count = count;
  return Poll::Packets;
}

/// Packet number `index` of the burst, of the pieces from `from` up to `to`.
Packet AfXdpSource::take(uint32_t from, uint32_t to, size_t index) noexcept {
  const xdp_desc& first = piece(from);
  uint8_t* const frame = socket_->at(first.addr);
  Packet packet{.data = frame,
                .captured_length = first.len,
                .original_length = first.len,
                .number = ++packets_seen_,
                .interface = port_};
  if (to - from > 1) {
    joined_.begin(index);
    for (uint32_t i = from; i < to; ++i) joined_.add({socket_->at(piece(i).addr), piece(i).len});
    packet.data = joined_.frame();
    packet.captured_length = joined_.copied();
    packet.original_length = joined_.length();
  }
  stamp(packet, frame);
  return packet;
}

const xdp_desc& AfXdpSource::piece(uint32_t index) const noexcept {
  return *xsk_ring_cons__rx_desc(&socket_->rx, first_piece_ + index);
}

/// Stamps and headers are on two lines, which the kernel has written on another core.
void AfXdpSource::fetch(uint32_t index) const noexcept {
  const uint8_t* const data = socket_->at(piece(index).addr);
  prefetch_to_write(data - sizeof(xdp::stamps));
  prefetch(data);
}

/// Reads the stamps in front of the frame's first piece and clears their mark, so that they are not found again under
/// the next one.
void AfXdpSource::stamp(Packet& packet, uint8_t* frame) noexcept {
  xdp::stamps stamps;
  std::memcpy(&stamps, frame - sizeof stamps, sizeof stamps);
  if (stamps.mark != xdp::STAMP_MARK) {
    packet.time = last_time_;
    ++unstamped_;
    return;
  }
  std::memset(frame - sizeof stamps + offsetof(xdp::stamps, mark), 0, sizeof stamps.mark);
  packet.time = last_time_ = stamps_.time_of(stamps);
  if (stamps.has_vlan != 0) {
    tags_put_back_ += put_back_vlan_tag(packet, const_cast<uint8_t*>(packet.data), ntohs(stamps.vlan_protocol), stamps.vlan_tci);
  }
}

void AfXdpSource::recycle(Burst& burst) noexcept {
  burst.count = 0;
  if (pieces_taken_ == 0) return;
  uint32_t slot = 0;
  // There is always room: the ring is as long as there are frames.
  if (xsk_ring_prod__reserve(&socket_->fill, pieces_taken_, &slot) == pieces_taken_) {
    for (uint32_t i = 0; i < pieces_taken_; ++i) {
      *xsk_ring_prod__fill_addr(&socket_->fill, slot + i) = socket_->frame_of(piece(i).addr);
    }
    xsk_ring_prod__submit(&socket_->fill, pieces_taken_);
  }
  xsk_ring_cons__release(&socket_->rx, pieces_taken_);
  pieces_taken_ = 0;
}

void AfXdpSource::wake_kernel() noexcept { recvfrom(fd(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr); }

void AfXdpSource::wait(std::chrono::milliseconds timeout) noexcept {
  pollfd ready{.fd = fd(), .events = POLLIN, .revents = 0};
  ::poll(&ready, 1, static_cast<int>(timeout.count()));
}

Timestamp AfXdpSource::now() noexcept {
  const Timestamp now = utc_now();
  stamps_.maintain(now);
  return now;
}

TimestampProperties AfXdpSource::timestamps() const noexcept {
  const int64_t utc_error = utc_error_ns();
  // A stamp of the program is the kernel's, whichever way it comes here.
  if (!stamps_.uses_nic()) return {.source = TimestampSource::Kernel, .resolution_ns = 1, .error_ns = utc_error};
  const bool known = utc_error != TimestampProperties::kUnknownError;
  return {.source = TimestampSource::XdpMetadata,
          .resolution_ns = 1,
          .error_ns = known ? utc_error + stamps_.nic_clock()->report().error_ns : utc_error};
}

std::string AfXdpSource::describe_clock() const {
  if (stamps_.nic_clock() == nullptr) return "stamped by the kernel in the XDP program";
  if (!stamps_.nic_clock()->wanted()) return "stamped by the kernel in the XDP program; the NIC's clock is switched off";
  return NicClock::describe(stamps_.nic_clock()->report());
}

size_t AfXdpSource::read_losses(std::span<LossCounter> losses) noexcept {
  stamps_.maintain(utc_now());  // here too, since a source that is never idle is not asked for the time
  xdp_statistics statistics{};
  socklen_t length = sizeof statistics;
  getsockopt(fd(), SOL_XDP, XDP_STATISTICS, &statistics, &length);
  const LossCounter all[] = {{"xdp_rx_dropped", statistics.rx_dropped}, {"xdp_rx_ring_full", statistics.rx_ring_full}};
  const size_t count = std::min(losses.size(), std::size(all));
  std::copy_n(all, count, losses.begin());
  return count;
}

size_t AfXdpSource::read_remarks(std::span<LossCounter> remarks) noexcept {
  xdp_statistics statistics{};
  socklen_t length = sizeof statistics;
  getsockopt(fd(), SOL_XDP, XDP_STATISTICS, &statistics, &length);
  const LossCounter all[] = {
      {"xdp_rx_fill_ring_empty", statistics.rx_fill_ring_empty_descs},  // in copy mode among xdp_rx_dropped too
      {"xdp_rx_invalid_descriptors", statistics.rx_invalid_descs},
      {"xdp_tx_invalid_descriptors", statistics.tx_invalid_descs},
      {"xdp_tx_ring_empty", statistics.tx_ring_empty_descs},
      {"frames_without_stamp", unstamped_},
      {"frames_stamped_by_nic", stamps_.by_nic()},
      {"nic_stamps_refused", stamps_.refused()},
      {"vlan_tags_put_back", tags_put_back_},
  };
  const size_t count = std::min(remarks.size(), std::size(all));
  std::copy_n(all, count, remarks.begin());
  return count;
}

}  // namespace wirewatch
