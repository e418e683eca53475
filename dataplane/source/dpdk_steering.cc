// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_steering.h"

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

namespace wirewatch {

Result<std::unique_ptr<DpdkSteering>> DpdkSteering::make(const DpdkPort& port, unsigned workers) {
  constexpr unsigned kPlaces = 8192;  // half a millisecond of 14 Mpps: as long as a worker may rest
  std::unique_ptr<DpdkSteering> steering(new DpdkSteering(workers));
  for (unsigned from = 0; from < workers; ++from) {
    for (unsigned to = 0; to < workers; ++to) {
      rte_ring* ring = nullptr;
      if (from != to) {
        const std::string name = "ww_" + std::to_string(port.id()) + "_" + std::to_string(from) + "_" + std::to_string(to);
        ring = rte_ring_create(name.c_str(), kPlaces, port.socket(), RING_F_SP_ENQ | RING_F_SC_DEQ);
        if (ring == nullptr) return fail("no room for the ring between two workers: " + std::string(rte_strerror(rte_errno)));
      }
      steering->rings_.push_back(ring);
    }
  }
  return steering;
}

DpdkSteering::~DpdkSteering() {
  for (rte_ring* ring : rings_) {
    void* buffer = nullptr;
    while (ring != nullptr && rte_ring_dequeue(ring, &buffer) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
    rte_ring_free(ring);
  }
}

SteeredDpdkQueue::SteeredDpdkQueue(DpdkPort& port, DpdkSteering& steering, unsigned worker, const ParseOptions& parse)
    : port_(port),
      steering_(steering),
      worker_(worker),
      parse_(parse),
      reader_(port.fields(), port.clock(), port.tsc(), port.options().interface),
      parcels_(steering.workers()) {}

SteeredDpdkQueue::~SteeredDpdkQueue() { rte_pktmbuf_free_bulk(buffers_.data(), static_cast<unsigned>(count_)); }

/// What others handed over is older than what lies in the queue, and a SYN must come before its answer: rings first, as
/// long as that does not starve the queue.
Poll SteeredDpdkQueue::poll(Burst& burst) noexcept {
  const bool own_turn = ring_bursts_ >= steering_.workers();
  if (own_turn || !take_handed_over(burst)) {
    ring_bursts_ = 0;
    const bool got = take_own(burst) || (own_turn && take_handed_over(burst));
    return got ? Poll::Packets : Poll::Idle;
  }
  ++ring_bursts_;
  return Poll::Packets;
}

bool SteeredDpdkQueue::take_handed_over(Burst& burst) noexcept {
  for (unsigned tried = 0; tried < steering_.workers(); ++tried) {
    const unsigned from = next_from_;
    next_from_ = (next_from_ + 1) % steering_.workers();
    if (from == worker_) continue;
    count_ = rte_ring_sc_dequeue_burst(steering_.ring(from, worker_), reinterpret_cast<void**>(buffers_.data()), kBurstSize, nullptr);
    if (count_ == 0) continue;
    arrived_ = read_ticks();
    reader_.read_handed_over({buffers_.data(), count_}, packets_);
    parse_all({packets_.data(), count_}, parse_, burst.layers);
    for (size_t i = 0; i < count_; ++i) burst.parsed[i] = {&packets_[i], &burst.layers[i]};
    burst.count = count_;
    return true;
  }
  return false;
}

bool SteeredDpdkQueue::take_own(Burst& burst) noexcept {
  if (worker_ >= port_.rx_queues()) return false;
  const uint16_t received = rte_eth_rx_burst(port_.id(), static_cast<uint16_t>(worker_), buffers_.data(), kBurstSize);
  if (received == 0) return false;
  steering_.note_traffic();
  arrived_ = read_ticks();
  reader_.read({buffers_.data(), received}, packets_, arrived_);
  parse_all({packets_.data(), received}, parse_, burst.layers);
  count_ = 0;
  burst.count = 0;
  for (size_t i = 0; i < received; ++i) {
    const Layers& layers = burst.layers[i];
    const unsigned owner = layers.has_flow ? static_cast<unsigned>(layers.flow_hash & 0xff) % steering_.workers() : worker_;
    if (owner == worker_) {
      buffers_[count_++] = buffers_[i];
      burst.parsed[burst.count++] = {&packets_[i], &layers};
      continue;
    }
    Parcel& parcel = parcels_[owner];
    reader_.carry_time(buffers_[i], packets_[i].time);
    parcel.buffers[parcel.count++] = buffers_[i];
  }
  for (unsigned to = 0; to < steering_.workers(); ++to) hand_over(to);
  return burst.count > 0;
}

void SteeredDpdkQueue::hand_over(unsigned to) noexcept {
  Parcel& parcel = parcels_[to];
  if (parcel.count == 0) return;
  wrong_queue_.add(parcel.count);
  const unsigned taken = rte_ring_sp_enqueue_burst(steering_.ring(worker_, to), reinterpret_cast<void* const*>(parcel.buffers.data()),
                                                   static_cast<unsigned>(parcel.count), nullptr);
  if (taken < parcel.count) {
    steering_full_.add(parcel.count - taken);
    rte_pktmbuf_free_bulk(parcel.buffers.data() + taken, static_cast<unsigned>(parcel.count) - taken);
  }
  parcel.count = 0;
}

void SteeredDpdkQueue::recycle(Burst& burst) noexcept {
  rte_pktmbuf_free_bulk(buffers_.data(), static_cast<unsigned>(count_));
  count_ = 0;
  burst.count = 0;
}

Timestamp SteeredDpdkQueue::now() const noexcept {
  const ClockMap map = port_.tsc().map().load();
  const uint64_t ticks = read_ticks();
  const bool other_times = port_.clock().kind() == StampKind::AsGiven && port_.clock().in_use();
  if (!other_times || reader_.last_time() == kNoTimestamp) return {map.to_ns(ticks)};
  return {reader_.last_time().ns + (map.to_ns(ticks) - map.to_ns(arrived_))};
}

}  // namespace wirewatch
