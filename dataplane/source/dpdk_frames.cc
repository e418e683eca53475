// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_frames.h"

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <algorithm>
#include <cstring>

#include "dataplane/base/prefetch.h"

namespace wirewatch {
namespace {

constexpr uint64_t kTagTaken = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED;
constexpr size_t kAddresses = 2 * RTE_ETHER_ADDR_LEN;
constexpr size_t kTag = sizeof(rte_vlan_hdr);

/// One tag behind the addresses; the frame grows to the front, into the buffer's headroom.
bool insert_tag(rte_mbuf* buffer, uint16_t ether_type, uint16_t tag) noexcept {
  const auto* start = rte_pktmbuf_mtod(buffer, const uint8_t*);
  if (buffer->data_len < kAddresses || rte_mbuf_refcnt_read(buffer) != 1 || !RTE_MBUF_DIRECT(buffer)) return false;
  auto* moved = reinterpret_cast<uint8_t*>(rte_pktmbuf_prepend(buffer, kTag));
  if (moved == nullptr) return false;
  std::memmove(moved, start, kAddresses);
  const std::array<uint8_t, kTag> bytes{static_cast<uint8_t>(ether_type >> 8), static_cast<uint8_t>(ether_type),
                                        static_cast<uint8_t>(tag >> 8), static_cast<uint8_t>(tag)};
  std::memcpy(moved + kAddresses, bytes.data(), kTag);
  return true;
}

}  // namespace

Result<MbufFields> MbufFields::reserve() {
  MbufFields fields;
  if (rte_mbuf_dyn_rx_timestamp_register(&fields.stamp_at, &fields.stamped) != 0) {
    return fail("DPDK has no room for time stamps in its buffers: " + std::string(rte_strerror(rte_errno)));
  }
  rte_mbuf_dynfield own{};
  std::strncpy(own.name, "wirewatch_dynfield_time", sizeof own.name - 1);
  own.size = sizeof(int64_t);
  own.align = alignof(int64_t);
  fields.time_at = rte_mbuf_dynfield_register(&own);
  if (fields.time_at < 0) return fail("DPDK has no room for our time in its buffers: " + std::string(rte_strerror(rte_errno)));
  return fields;
}

FrameReader::FrameReader(const MbufFields& fields, HardwareClock& clock, const TscClock& tsc, uint16_t interface)
    : fields_(fields), clock_(clock), tsc_(tsc), interface_(interface), joined_(kBurstSize * kContiguous) {}

void FrameReader::read(std::span<rte_mbuf* const> buffers, std::span<Packet> packets, uint64_t arrived) noexcept {
  const Timestamp now{tsc_.map().load().to_ns(arrived)};
  const bool hardware = clock_.in_use();
  ClockMap map;
  if (hardware) map = clock_.map();
  uint64_t bytes = 0, stamped = 0;
  uint64_t last_stamp = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    constexpr size_t kAhead = 4;
    if (i + kAhead < buffers.size()) prefetch(rte_pktmbuf_mtod(buffers[i + kAhead], const void*));
    rte_mbuf* buffer = buffers[i];
    Packet& packet = packets[i];
    packet.time = now;
    if (hardware && (buffer->ol_flags & fields_.stamped) != 0) {
      last_stamp = *RTE_MBUF_DYNFIELD(buffer, fields_.stamp_at, const uint64_t*);
      if (clock_.kind() == StampKind::None) [[unlikely]] {
        clock_.judge(last_stamp, now.ns);
        map = clock_.map();
      }
      if (clock_.kind() != StampKind::Refused) {
        packet.time = {map.to_ns(last_stamp)};
        ++stamped;
      }
    }
    point_at(buffer, packet, i);
    bytes += packet.original_length;
  }
  if (stamped > 0) {
    counts_.stamped.add(stamped);
    clock_.observe_lag(now.since({map.to_ns(last_stamp)}));
  }
  last_time_ = packets[buffers.size() - 1].time;
  counts_.packets.add(buffers.size());
  counts_.bytes.add(bytes);
}

void FrameReader::read_handed_over(std::span<rte_mbuf* const> buffers, std::span<Packet> packets) noexcept {
  for (size_t i = 0; i < buffers.size(); ++i) {
    packets[i].time = {*RTE_MBUF_DYNFIELD(buffers[i], fields_.time_at, const int64_t*)};
    point_at(buffers[i], packets[i], i);
  }
  last_time_ = packets[buffers.size() - 1].time;
}

void FrameReader::carry_time(rte_mbuf* buffer, Timestamp time) const noexcept {
  *RTE_MBUF_DYNFIELD(buffer, fields_.time_at, int64_t*) = time.ns;
}

void FrameReader::point_at(rte_mbuf* buffer, Packet& packet, size_t place) noexcept {
  if ((buffer->ol_flags & kTagTaken) != 0) [[unlikely]] put_tags_back(buffer);
  packet.data = rte_pktmbuf_mtod(buffer, const uint8_t*);
  packet.captured_length = buffer->data_len;
  packet.original_length = buffer->pkt_len;
  packet.number = ++number_;
  packet.link_type = 1;
  packet.interface = interface_;
  if (buffer->nb_segs == 1) return;
  const uint32_t wanted = std::min(kContiguous, buffer->pkt_len);
  if (buffer->data_len >= wanted) return;
  packet.data = join(buffer, wanted, place);
  packet.captured_length = wanted;
  counts_.joined.add(1);
}

const uint8_t* FrameReader::join(const rte_mbuf* buffer, uint32_t length, size_t place) noexcept {
  uint8_t* to = joined_.data() + place * kContiguous;
  for (uint32_t at = 0; at < length && buffer != nullptr; buffer = buffer->next) {
    const uint32_t part = std::min<uint32_t>(length - at, buffer->data_len);
    std::memcpy(to + at, rte_pktmbuf_mtod(buffer, const void*), part);
    at += part;
  }
  return to;
}

/// A NIC that strips tags says what they were; the frame was that much longer on the wire.
void FrameReader::put_tags_back(rte_mbuf* buffer) noexcept {
  bool put = true;
  if ((buffer->ol_flags & RTE_MBUF_F_RX_QINQ_STRIPPED) == RTE_MBUF_F_RX_QINQ_STRIPPED) {
    put = insert_tag(buffer, RTE_ETHER_TYPE_VLAN, buffer->vlan_tci) && insert_tag(buffer, RTE_ETHER_TYPE_QINQ, buffer->vlan_tci_outer);
  } else if ((buffer->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) {
    put = insert_tag(buffer, RTE_ETHER_TYPE_VLAN, buffer->vlan_tci);
  }
  buffer->ol_flags &= ~(kTagTaken | RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_QINQ);
  if (put) counts_.tags_put_back.add(1);
}

}  // namespace wirewatch
