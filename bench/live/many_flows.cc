// SPDX-License-Identifier: BSD-3-Clause
// A library that DPDK loads at run time (-d libmany_flows.so) and that gives every IPv4 frame the first port receives another
// source, in the thread that receives it. Frames that net_pcap repeats for ever so become as many connections as wanted
// without lying in as many buffers, of which receiving would cost more than what is measured behind it.
//
//   WIREWATCH_FLOWS=1000000         so many in a random order, and again in that order, as net_pcap repeats a capture
//   WIREWATCH_FLOWS=1000000,mixed   the first time in order, then in a random one: whatever lies in the order in which flows
//                                   began is met in another, the worst there is
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

constexpr uint32_t kMostFlows = 1U << 24;
constexpr size_t kSourceAt = 27;  // the last three bytes of the source, behind Ethernet
constexpr uint16_t kPort = 0;
constexpr uint16_t kQueue = 0;

struct Wanted {
  uint32_t flows = 0;
  bool mixed = false;
};

/// Every number below `flows` once, then all of them again.
class Order {
 public:
  explicit Order(const Wanted& wanted) : later_(wanted.flows) {
    std::iota(later_.begin(), later_.end(), 0U);
    if (wanted.mixed) first_ = later_;
    std::shuffle(later_.begin(), later_.end(), std::mt19937(1));
    if (!wanted.mixed) first_ = later_;
    now_ = first_.data();
    end_ = now_ + first_.size();
  }

  uint32_t next() {
    if (now_ == end_) [[unlikely]] {
      now_ = later_.data();
      end_ = now_ + later_.size();
    }
    return *now_++;
  }

 private:
  std::vector<uint32_t> first_;
  std::vector<uint32_t> later_;
  const uint32_t* now_ = nullptr;
  const uint32_t* end_ = nullptr;
};

uint16_t spread(uint16_t, uint16_t, rte_mbuf** frames, uint16_t count, uint16_t, void* order) {
  for (uint16_t i = 0; i < count; ++i) {
    const uint32_t flow = static_cast<Order*>(order)->next();
    auto* const source = rte_pktmbuf_mtod_offset(frames[i], uint8_t*, kSourceAt);
    source[0] = static_cast<uint8_t>(flow >> 16);
    source[1] = static_cast<uint8_t>(flow >> 8);
    source[2] = static_cast<uint8_t>(flow);
  }
  return count;
}

Wanted flows_wanted() {
  const char* const given = std::getenv("WIREWATCH_FLOWS");
  const std::string_view text = given == nullptr ? "" : given;
  Wanted wanted;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, wanted.flows);
  const std::string_view rest(read.ptr, static_cast<size_t>(end - read.ptr));
  wanted.mixed = rest == ",mixed";
  if (read.ec != std::errc{} || (!rest.empty() && !wanted.mixed) || wanted.flows == 0 || wanted.flows > kMostFlows) {
    std::fprintf(stderr, "many_flows: expected WIREWATCH_FLOWS=N or N,mixed, with N from 1 to %u\n", kMostFlows);
    std::exit(2);
  }
  return wanted;
}

/// Waits for the port to be started, and hangs itself in.
class Installer {
 public:
  Installer() : order_(flows_wanted()), thread_([this] { install(); }) {}
  ~Installer() {
    ending_ = true;
    thread_.join();
  }
  Installer(const Installer&) = delete;
  Installer& operator=(const Installer&) = delete;

 private:
  void install() {
    while (!ending_) {
      rte_eth_link link{};
      if (rte_eth_dev_count_avail() > kPort && rte_eth_link_get_nowait(kPort, &link) == 0 && link.link_status == RTE_ETH_LINK_UP) {
        if (rte_eth_add_rx_callback(kPort, kQueue, spread, &order_) == nullptr) std::fputs("many_flows: DPDK takes no callbacks\n", stderr);
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  Order order_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

const Installer installer;

}  // namespace
