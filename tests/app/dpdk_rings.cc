// SPDX-License-Identifier: BSD-3-Clause
#include "tests/app/dpdk_rings.h"

#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>

#include <stdexcept>

#include "dataplane/source/dpdk_eal.h"

namespace wirewatch::testing {
namespace {

constexpr unsigned kRingPlaces = 8192;

class Eal final : public ::testing::Environment {
 public:
  void SetUp() override {
    const auto started = start_eal({.hugepages = false, .memory_mb = 128, .main_cores = "", .devices = {}});
    if (!started) throw std::runtime_error(started.error().message);
  }
  void TearDown() override {
    frames.reset();  // memory of the EAL, which goes with it
    stop_eal();
  }

  DpdkPool frames;
};
auto* const eal = static_cast<Eal*>(::testing::AddGlobalTestEnvironment(new Eal));

rte_mempool* pool() {
  if (!eal->frames) {
    auto made = make_pool("test_frames", 16'383, 0, PoolUser::Program);
    if (!made) throw std::runtime_error(made.error().message);
    eal->frames = std::move(*made);
  }
  return eal->frames.get();
}

rte_mbuf* buffer_of(std::span<const uint8_t> bytes) {
  rte_mbuf* buffer = rte_pktmbuf_alloc(pool());
  if (buffer == nullptr) throw std::runtime_error("no buffer");
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(rte_pktmbuf_append(buffer, static_cast<uint16_t>(bytes.size()))));
  return buffer;
}

rte_ring* ring(const std::string& name) {
  rte_ring* made = rte_ring_create(name.c_str(), kRingPlaces, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
  if (made == nullptr) throw std::runtime_error("no ring");
  return made;
}

}  // namespace

const TscClock& test_clock() {
  static const TscClock clock;
  return clock;
}

RingDevice::RingDevice(unsigned queues) {
  static unsigned number = 0;
  const std::string own = "t" + std::to_string(number++);
  for (unsigned i = 0; i < queues; ++i) {
    in_.push_back(ring(own + "_in" + std::to_string(i)));
    out_.push_back(ring(own + "_out" + std::to_string(i)));
  }
  const int port = rte_eth_from_rings(own.c_str(), in_.data(), queues, out_.data(), queues, 0);
  if (port < 0) throw std::runtime_error("no device of rings");
  char device_name[RTE_ETH_NAME_MAX_LEN];
  rte_eth_dev_get_name_by_port(static_cast<uint16_t>(port), device_name);
  name_ = device_name;
}

RingDevice::~RingDevice() {
  for (const auto& rings : {in_, out_}) {
    for (rte_ring* each : rings) {
      void* buffer = nullptr;
      while (rte_ring_dequeue(each, &buffer) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
      rte_ring_free(each);
    }
  }
}

Result<std::unique_ptr<DpdkPort>> RingDevice::open(DpdkPortOptions options) const {
  options.device = {name_, name_, false};
  return DpdkPort::open(options, test_clock());
}

void RingDevice::put(const SentBuffer& frame, unsigned queue) {
  const MbufFields fields = *MbufFields::reserve();
  rte_mbuf* first = nullptr;
  size_t at = 0;
  std::vector<size_t> ends = frame.cuts;
  ends.push_back(frame.bytes.size());
  for (const size_t end : ends) {
    rte_mbuf* part = buffer_of(std::span(frame.bytes).subspan(at, end - at));
    at = end;
    if (first == nullptr) {
      first = part;
    } else if (rte_pktmbuf_chain(first, part) != 0) {
      throw std::runtime_error("too many parts");
    }
  }
  if (frame.stamp) {
    *RTE_MBUF_DYNFIELD(first, fields.stamp_at, uint64_t*) = *frame.stamp;
    first->ol_flags |= fields.stamped;
  }
  if (frame.taken_tag) {
    first->vlan_tci = *frame.taken_tag;
    first->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  }
  if (frame.taken_outer_tag) {
    first->vlan_tci_outer = *frame.taken_outer_tag;
    first->ol_flags |= RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED;
  }
  if (rte_ring_enqueue(in_[queue], first) != 0) throw std::runtime_error("the ring is full");
}

std::vector<Bytes> RingDevice::taken(unsigned queue) {
  std::vector<Bytes> frames;
  void* object = nullptr;
  while (rte_ring_dequeue(out_[queue], &object) == 0) {
    auto* buffer = static_cast<rte_mbuf*>(object);
    Bytes frame;
    for (const rte_mbuf* part = buffer; part != nullptr; part = part->next) {
      const auto* bytes = rte_pktmbuf_mtod(part, const uint8_t*);
      frame.insert(frame.end(), bytes, bytes + part->data_len);
    }
    frames.push_back(std::move(frame));
    rte_pktmbuf_free(buffer);
  }
  return frames;
}

unsigned RingDevice::outstanding() { return rte_mempool_in_use_count(pool()); }

}  // namespace wirewatch::testing
