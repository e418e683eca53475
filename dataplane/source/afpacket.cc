// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/afpacket.h"

#include <linux/if_ether.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/base/prefetch.h"
#include "dataplane/source/frame_offloads.h"
#include "dataplane/source/vlan_tag.h"

namespace wirewatch {

Result<std::vector<std::unique_ptr<AfPacketSource>>> AfPacketSource::open(const AfPacketOptions& options) {
  const auto interface = find_interface(options.interface);
  if (!interface) return tl::unexpected(interface.error());
  const auto kind = frame_kind(interface->hardware_type);
  if (!kind) {
    return fail("the frames of interface '" + interface->name + "' are of hardware type " +
                std::to_string(interface->hardware_type) + " (ARPHRD), which is not understood");
  }
  auto sockets = open_packet_sockets(options, *interface, *kind);
  if (!sockets) return tl::unexpected(sockets.error());
  std::vector<std::unique_ptr<AfPacketSource>> sources;
  for (PacketSocket& socket : *sockets) {
    sources.emplace_back(new AfPacketSource(options, *interface, *kind, std::move(socket)));
    if (options.hardware_stamps) sources.back()->take_clock(NicClock::of_interface(interface->name));
  }
  return sources;
}

AfPacketSource::AfPacketSource(const AfPacketOptions& options, InterfaceInfo interface, FrameKind kind, PacketSocket socket)
    : options_(options), interface_(std::move(interface)), kind_(kind), socket_(std::move(socket)),
      keeps_offloads_(options.forwarded && !kind.cooked) {
  constexpr uint32_t kLinkHeaderAndTag = ETH_HLEN + kVlanTagLength;
  longest_whole_frame_ = interface_.mtu + kLinkHeaderAndTag;
}

Poll AfPacketSource::poll(Burst& burst) noexcept {
  burst.count = 0;
  while (left_in_block_ == 0) {
    if (!open_block()) return Poll::Idle;
    if (left_in_block_ == 0) give_back_block();  // timed out empty
  }
  const size_t count = std::min<size_t>(left_in_block_, kBurstSize);
  for (size_t i = 0; i < count; ++i) {
    tpacket3_hdr* const header = next_;
    next_ = reinterpret_cast<tpacket3_hdr*>(reinterpret_cast<uint8_t*>(header) + header->tp_next_offset);
    prefetch(next_);
    packets_[i] = take(header);
  }
  left_in_block_ -= static_cast<uint32_t>(count);
  burst.packets = {packets_.data(), count};
  burst.count = count;
  return Poll::Packets;
}

void AfPacketSource::recycle(Burst& burst) noexcept {
  burst.count = 0;
  if (block_open_ && left_in_block_ == 0) give_back_block();
}

void AfPacketSource::wait(std::chrono::milliseconds timeout) noexcept {
  pollfd ready{.fd = fd(), .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(timeout.count())) > 0 && (ready.revents & POLLERR) != 0) {
    // ENETDOWN, once: taken off the socket so that the next wait sleeps.
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  }
}

bool AfPacketSource::open_block() noexcept {
  tpacket_block_desc* const block = socket_.ring.block(block_);
  const uint32_t status = __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
  if ((status & TP_STATUS_USER) == 0) return false;
  block_open_ = true;
  left_in_block_ = block->hdr.bh1.num_pkts;
  next_ = reinterpret_cast<tpacket3_hdr*>(reinterpret_cast<uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt);
  return true;
}

void AfPacketSource::give_back_block() noexcept {
  tpacket_block_desc* const block = socket_.ring.block(block_);
  __atomic_store_n(&block->hdr.bh1.block_status, uint32_t{TP_STATUS_KERNEL}, __ATOMIC_RELEASE);
  block_open_ = false;
  block_ = block_ + 1 == socket_.ring.blocks() ? 0 : block_ + 1;
}

Packet AfPacketSource::take(tpacket3_hdr* header) noexcept {
  Packet packet{.data = reinterpret_cast<const uint8_t*>(header) + header->tp_mac,
                .captured_length = header->tp_snaplen,
                .original_length = header->tp_len,
                .time = time_of(*header),
                .number = ++packets_seen_,
                .link_type = kind_.link_type,
                .interface = options_.port};
  cut_by_ring_ += packet.captured_length < std::min(packet.original_length, options_.snap_length);
  merged_ += packet.original_length > longest_whole_frame_;
  auto* const frame = const_cast<uint8_t*>(packet.data);  // the ring is ours to write until the block goes back
  FrameOffloads offloads;
  if (keeps_offloads_) std::memcpy(&offloads, frame - sizeof offloads, sizeof offloads);
  const bool untagged = (header->tp_status & TP_STATUS_VLAN_VALID) != 0;
  if (untagged && !kind_.cooked) {
    const bool says_which = (header->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
    tags_put_back_ += put_back_vlan_tag(packet, frame, says_which ? header->hv1.tp_vlan_tpid : uint16_t{ETH_P_8021Q},
                                        static_cast<uint16_t>(header->hv1.tp_vlan_tci));
    offloads.shift(static_cast<uint16_t>(frame - packet.data));
  }
  if (keeps_offloads_) {
    std::memcpy(const_cast<uint8_t*>(packet.data) - FrameOffloads::kBeforeFrame, &offloads, sizeof offloads);
  }
  return packet;
}

Timestamp AfPacketSource::time_of(const tpacket3_hdr& header) noexcept {
  const int64_t ns = int64_t{header.tp_sec} * 1'000'000'000 + header.tp_nsec;
  const bool by_nic = (header.tp_status & TP_STATUS_TS_RAW_HARDWARE) != 0 && nic_clock_ != nullptr;
  if (!by_nic) return {ns};
  ++hardware_stamped_;
  return nic_clock_->to_utc(static_cast<uint64_t>(ns));
}

void AfPacketSource::take_clock(Result<std::unique_ptr<NicClock>> clock) {
  if (!clock) {
    without_nic_clock_ = std::move(clock.error().message);
    return;
  }
  nic_clock_ = std::move(*clock);
  stamp_by_nic(true);
}

void AfPacketSource::use_hardware_stamps(bool wanted) noexcept {
  if (nic_clock_ == nullptr) return;
  nic_clock_->use(wanted);
  stamp_by_nic(wanted);
}

/// For frames from now on.
void AfPacketSource::stamp_by_nic(bool by_nic) noexcept {
  const int stamps = SOF_TIMESTAMPING_SOFTWARE | (by_nic ? SOF_TIMESTAMPING_RAW_HARDWARE : 0);
  setsockopt(fd(), SOL_PACKET, PACKET_TIMESTAMP, &stamps, sizeof stamps);
}

void AfPacketSource::maintain_clock(Timestamp now) noexcept {
  if (nic_clock_ == nullptr) return;
  nic_clock_->maintain(now);
  if (hardware_refused_ == nic_clock_->usable()) {
    hardware_refused_ = !hardware_refused_;
    stamp_by_nic(!hardware_refused_ && nic_clock_->wanted());
  }
}

Timestamp AfPacketSource::now() noexcept {
  const Timestamp now = utc_now();
  maintain_clock(now);
  return now;
}

TimestampProperties AfPacketSource::timestamps() const noexcept {
  const int64_t utc_error = utc_error_ns();
  const bool by_nic = nic_clock_ != nullptr && !hardware_refused_ && nic_clock_->wanted();
  if (!by_nic) return {.source = TimestampSource::Kernel, .resolution_ns = 1, .error_ns = utc_error};
  const bool known = utc_error != TimestampProperties::kUnknownError;
  return {.source = TimestampSource::Nic,
          .resolution_ns = 1,
          .error_ns = known ? utc_error + nic_clock_->report().error_ns : utc_error};
}

std::string AfPacketSource::describe_clock() const {
  if (nic_clock_ == nullptr) return "stamped by the kernel" + (without_nic_clock_.empty() ? "" : "; " + without_nic_clock_);
  if (!nic_clock_->wanted()) return "stamped by the kernel; the NIC's clock is switched off";
  return NicClock::describe(nic_clock_->report());
}

void AfPacketSource::read_statistics() noexcept {
  tpacket_stats_v3 since_last_time{};  // reading sets them to zero
  socklen_t length = sizeof since_last_time;
  if (getsockopt(fd(), SOL_PACKET, PACKET_STATISTICS, &since_last_time, &length) != 0) return;
  drops_ += since_last_time.tp_drops;
  freezes_ += since_last_time.tp_freeze_q_cnt;
}

size_t AfPacketSource::read_losses(std::span<LossCounter> losses) noexcept {
  if (losses.empty()) return 0;
  read_statistics();
  maintain_clock(utc_now());  // here too, since a source that is never idle is not asked for the time
  losses[0] = {"packet_socket_ring_full", drops_};
  return 1;
}

size_t AfPacketSource::read_remarks(std::span<LossCounter> remarks) const noexcept {
  const std::array<LossCounter, 5> all{{
      {"packet_socket_freezes", freezes_},        // times the ring was full
      {"frames_merged_by_gro_or_lro", merged_},   // longer than the link can carry
      {"frames_cut_by_ring", cut_by_ring_},       // longer than a block
      {"vlan_tags_put_back", tags_put_back_},
      {"frames_stamped_by_nic", hardware_stamped_},
  }};
  const size_t count = std::min(remarks.size(), all.size());
  std::copy_n(all.begin(), count, remarks.begin());
  return count;
}

}  // namespace wirewatch
