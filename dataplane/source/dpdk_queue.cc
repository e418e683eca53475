// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_queue.h"

#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_mbuf.h>

#include <algorithm>

namespace wirewatch {
namespace {

constexpr unsigned kBehindAfter = 32;    // full bursts on end: 2,048 packets, twice what most rings hold
constexpr unsigned kSendTries = 64;      // bursts that the other port is offered the rest of one
constexpr uint64_t kBacklogPart = 4;     // behind when more than 3 of 4 descriptors are used, no more below 1 of 4

}  // namespace

DpdkQueue::DpdkQueue(DpdkPort& port, unsigned queue)
    : port_(port), queue_(static_cast<uint16_t>(queue)), reader_(port.fields(), port.clock(), port.tsc(), port.options().interface) {}

DpdkQueue::~DpdkQueue() { rte_pktmbuf_free_bulk(buffers_.data(), count_); }

uint16_t DpdkQueue::receive() noexcept {
  const uint16_t count = rte_eth_rx_burst(port_.id(), queue_, buffers_.data(), kBurstSize);
  full_bursts_ = count == kBurstSize ? full_bursts_ + 1 : 0;
  if (count > 0) arrived_ = read_ticks();  // and stays: now() goes on from there
  return count;
}

Poll DpdkQueue::poll(Burst& burst) noexcept {
  count_ = receive();
  if (count_ == 0) return Poll::Idle;
  reader_.read({buffers_.data(), count_}, packets_, arrived_);
  if (partner_ != nullptr && behind()) {
    shed();
    return Poll::Idle;
  }
  burst.packets = {packets_.data(), count_};
  burst.count = count_;
  return Poll::Packets;
}

/// On without a look, but for what is blocked.
void DpdkQueue::shed() noexcept {
  forward_counts_.shed_inspection.add(count_);
  forward(guard_ ? guard_({packets_.data(), count_}) : 0);
  rte_pktmbuf_free_bulk(buffers_.data(), count_);
  count_ = 0;
}

/// An inline pair that falls behind forwards first and looks later. How much waits is what the device says, or else how
/// many bursts on end have been full.
bool DpdkQueue::behind() noexcept {
  const int used = rte_eth_rx_queue_count(port_.id(), queue_);
  if (used >= 0) {
    const auto waiting = static_cast<uint64_t>(used), all = uint64_t{port_.options().descriptors};
    shedding_ = shedding_ ? waiting * kBacklogPart > all : waiting * kBacklogPart > all * (kBacklogPart - 1);
  } else {
    shedding_ = shedding_ ? full_bursts_ > 0 : full_bursts_ >= kBehindAfter;
  }
  return shedding_;
}

void DpdkQueue::forward(uint64_t drop) noexcept {
  if (partner_ == nullptr) return;
  size_t leaving = 0, staying = 0;
  for (size_t i = 0; i < count_; ++i) {
    if ((drop >> i & 1) != 0) {
      buffers_[staying++] = buffers_[i];
    } else {
      leaving_[leaving++] = buffers_[i];
    }
  }
  forward_counts_.blocked.add(staying);
  count_ = static_cast<uint16_t>(staying);  // recycle() frees these
  send({leaving_.data(), leaving});
}

void DpdkQueue::send(std::span<rte_mbuf*> buffers) noexcept {
  size_t sent = 0;
  for (unsigned tries = 0; sent < buffers.size() && tries < kSendTries; ++tries) {
    sent += rte_eth_tx_burst(partner_->id(), queue_, buffers.data() + sent, static_cast<uint16_t>(buffers.size() - sent));
  }
  forward_counts_.forwarded.add(sent);
  if (sent == buffers.size()) return;
  forward_counts_.tx_full.add(buffers.size() - sent);
  rte_pktmbuf_free_bulk(buffers.data() + sent, static_cast<unsigned>(buffers.size() - sent));
}

void DpdkQueue::recycle(Burst& burst) noexcept {
  rte_pktmbuf_free_bulk(buffers_.data(), count_);
  count_ = 0;
  burst.count = 0;
}

bool DpdkQueue::wait(std::chrono::milliseconds timeout) noexcept {
  if (!port_.interrupts()) return false;
  if (!interrupt_ready_) {
    interrupt_ready_ = rte_eth_dev_rx_intr_ctl_q(port_.id(), queue_, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD, nullptr) == 0;
    if (!interrupt_ready_) return false;
  }
  if (rte_eth_dev_rx_intr_enable(port_.id(), queue_) != 0) return false;
  // What came before the interrupt was armed raises none.
  if (rte_eth_rx_queue_count(port_.id(), queue_) <= 0) {
    rte_epoll_event event{};
    rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, static_cast<int>(timeout.count()));
  }
  rte_eth_dev_rx_intr_disable(port_.id(), queue_);
  return true;
}

Timestamp DpdkQueue::now() const noexcept {
  const ClockMap map = port_.tsc().map().load();
  const uint64_t ticks = read_ticks();
  const bool other_times = port_.clock().kind() == StampKind::AsGiven && port_.clock().in_use();
  if (!other_times || reader_.last_time() == kNoTimestamp) return {map.to_ns(ticks)};
  return {reader_.last_time().ns + (map.to_ns(ticks) - map.to_ns(arrived_))};
}

}  // namespace wirewatch
