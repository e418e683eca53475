// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_port.h"

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace wirewatch {
namespace {

constexpr size_t kLongestKey = 64;
constexpr uint64_t kSpread = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;

/// The Toeplitz key that is the same for both directions of a flow: any 16 bits, over and over.
std::array<uint8_t, kLongestKey> symmetric_key() {
  std::array<uint8_t, kLongestKey> key{};
  for (size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

std::string reason_of(int result) { return rte_strerror(std::abs(result)); }

/// Statistics of drivers that count packets that did not get here; the generic ones are asked for by name already.
bool counts_a_loss(std::string_view name) {
  constexpr std::array<std::string_view, 3> kGeneric{"rx_missed_errors", "rx_errors", "rx_mbuf_allocation_errors"};
  constexpr std::array<std::string_view, 8> kWords{"drop", "miss", "discard", "error", "no_buf", "out_of_buffer", "overflow", "oversize"};
  if (name.find("rx") == std::string_view::npos || name.starts_with("tx")) return false;
  if (std::ranges::find(kGeneric, name) != kGeneric.end()) return false;
  return std::ranges::any_of(kWords, [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

}  // namespace

Result<std::unique_ptr<DpdkPort>> DpdkPort::open(const DpdkPortOptions& options, const TscClock& tsc) {
  std::unique_ptr<DpdkPort> port(new DpdkPort(options, tsc));
  if (const auto done = port->set_up(); !done) return tl::unexpected(done.error());
  return port;
}

DpdkPort::~DpdkPort() {
  if (!started_) return;
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
}

Result<void> DpdkPort::set_up() {
  if (rte_eth_dev_get_port_by_name(options_.device.name.c_str(), &id_) != 0) {
    return fail("DPDK has no device '" + options_.device.name +
                "': no driver took it; a PCI device must be bound to vfio-pci (or stay with its kernel driver for mlx5)");
  }
  rte_eth_dev_info info{};
  if (const int result = rte_eth_dev_info_get(id_, &info); result != 0) {
    return fail("cannot ask '" + options_.device.name + "' what it can do: " + reason_of(result));
  }
  driver_ = info.driver_name;
  facts_ = facts_of(driver_, options_.device);
  socket_ = std::max(0, rte_eth_dev_socket_id(id_));
  rx_queues_ = std::min<unsigned>(options_.workers, std::max<unsigned>(1, info.max_rx_queues));
  auto fields = MbufFields::reserve();
  if (!fields) return tl::unexpected(fields.error());
  fields_ = *fields;
  clock_ = std::make_unique<HardwareClock>(tsc_, options_.trust_stamps || facts_.stamps_are_times, facts_.stamp_unit_ns);
  if (!options_.hardware_stamps) clock_->switch_to(false);
  even_ = {read_ticks(), 0, ClockMap::fixed(tsc_.ns_per_tick())};

  const unsigned in_rings = options_.descriptors * (rx_queues_ + (options_.forwards ? options_.workers : 0));
  const unsigned handed_over = options_.workers > 1 && !options_.forwards ? 4096 : 0;
  const unsigned in_workers = options_.workers * (kPoolCache + 4 * static_cast<unsigned>(kBurstSize) + handed_over);
  const unsigned buffers = options_.pool > 0 ? options_.pool : 2 * (in_rings + in_workers) + 1024;
  auto pool = make_pool("wirewatch_" + std::to_string(id_), buffers, socket_, options_.device.is_pci ? PoolUser::Bus : PoolUser::Program,
                        static_cast<uint16_t>(options_.buffer_bytes));
  if (!pool) return tl::unexpected(pool.error());
  pool_ = std::move(*pool);

  // Drivers differ in what they refuse, and some only say so at the start: the best first, the plainest last.
  Result<void> started = fail("");
  for (const bool all_offloads : {true, false}) {
    for (const bool interrupts : {true, false}) {
      if (interrupts && !options_.interrupts) continue;
      started = configure_and_start(interrupts, all_offloads);
      if (started) {
        if (!all_offloads) remarks_.emplace_back("the driver refused its own offloads; it runs without any");
        interrupts_ = interrupts && rte_eth_dev_rx_intr_enable(id_, 0) == 0 && rte_eth_dev_rx_intr_disable(id_, 0) == 0;
        break;
      }
    }
    if (started) break;
  }
  if (!started) return started;
  started_ = true;
  if (options_.promiscuous && rte_eth_promiscuous_enable(id_) != 0) {
    remarks_.emplace_back("the device does not receive what is addressed to others");
  }
  rte_eth_allmulticast_enable(id_);
  decide_steering();
  find_loss_counters();
  for (int i = 0; i < 6 && read_device_clock(); ++i) {
    const timespec pause{0, 5'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return {};
}

Result<void> DpdkPort::configure_and_start(bool interrupts, bool all_offloads) {
  const auto failed = [&](std::string_view step, int result) {
    return fail("cannot " + std::string(step) + " '" + options_.device.name + "' (" + driver_ + "): " + reason_of(result));
  };
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  rte_eth_conf conf{};
  conf.intr_conf.rxq = interrupts ? 1 : 0;
  conf.rxmode.mtu = RTE_ETHER_MTU;
  if (all_offloads) {
    // A driver that does not state its longest payload states its longest frame, of which the headers take 18 bytes.
    const uint32_t by_frame = std::max<uint32_t>(info.max_rx_pktlen, RTE_ETHER_MTU + 18) - 18;
    conf.rxmode.mtu = std::max<uint32_t>(info.min_mtu, std::min({uint32_t{options_.mtu}, uint32_t{info.max_mtu}, by_frame}));
    uint64_t wanted = RTE_ETH_RX_OFFLOAD_SCATTER;
    if (options_.hardware_stamps) wanted |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    conf.rxmode.offloads = wanted & info.rx_offload_capa;
    conf.txmode.offloads = options_.forwards ? RTE_ETH_TX_OFFLOAD_MULTI_SEGS & info.tx_offload_capa : 0;
  }
  auto key = symmetric_key();
  many_queues_by_rss_ = rx_queues_ > 1 && info.hash_key_size <= key.size() && (info.flow_type_rss_offloads & kSpread) != 0;
  if (many_queues_by_rss_) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = info.hash_key_size > 0 ? key.data() : nullptr;
    conf.rx_adv_conf.rss_conf.rss_key_len = info.hash_key_size;
    conf.rx_adv_conf.rss_conf.rss_hf = kSpread & info.flow_type_rss_offloads;
  }
  const auto tx_queues = static_cast<uint16_t>(std::min<unsigned>(options_.forwards ? options_.workers : 1, info.max_tx_queues));
  if (options_.forwards && tx_queues < options_.workers) {
    return fail("'" + options_.device.name + "' has " + std::to_string(tx_queues) + " transmit queues, one fewer than workers is too few");
  }
  if (const int result = rte_eth_dev_configure(id_, static_cast<uint16_t>(rx_queues_), tx_queues, &conf); result != 0) {
    return failed("configure", result);
  }
  auto rx = static_cast<uint16_t>(options_.descriptors), tx = static_cast<uint16_t>(options_.descriptors);
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx);
  for (uint16_t queue = 0; queue < rx_queues_; ++queue) {
    rte_eth_rxconf rx_conf = info.default_rxconf;
    rx_conf.offloads = conf.rxmode.offloads;
    const int result = rte_eth_rx_queue_setup(id_, queue, rx, static_cast<unsigned>(socket_), &rx_conf, pool_.get());
    if (result != 0) return failed("set up a receive queue of", result);
  }
  for (uint16_t queue = 0; queue < tx_queues; ++queue) {
    rte_eth_txconf tx_conf = info.default_txconf;
    tx_conf.offloads = conf.txmode.offloads;
    const int result = rte_eth_tx_queue_setup(id_, queue, tx, static_cast<unsigned>(socket_), &tx_conf);
    if (result != 0) return failed("set up a transmit queue of", result);
  }
  if (const int result = rte_eth_dev_start(id_); result != 0) return failed("start", result);
  return {};
}

/// Does the device say that it hashes with the key it was given?
bool DpdkPort::symmetric_key_taken() const {
  std::array<uint8_t, kLongestKey> key{};
  rte_eth_rss_conf conf{};
  conf.rss_key = key.data();
  conf.rss_key_len = key.size();
  if (rte_eth_dev_rss_hash_conf_get(id_, &conf) != 0 || conf.rss_hf == 0) return false;
  const auto wanted = symmetric_key();
  constexpr size_t kUsedBytes = 36;  // two IPv6 addresses and two ports
  return std::equal(key.begin(), key.begin() + kUsedBytes, wanted.begin());
}

void DpdkPort::decide_steering() {
  if (options_.workers == 1) return;
  const bool symmetric = many_queues_by_rss_ && rx_queues_ == options_.workers && facts_.spreads_symmetrically && symmetric_key_taken();
  spreads_symmetrically_ = symmetric;
  switch (options_.spreading) {
    case DpdkSpreading::Auto:
      software_steering_ = !symmetric;
      break;
    case DpdkSpreading::Nic:
      software_steering_ = false;
      if (!symmetric) remarks_.emplace_back("the NIC does not confirm a symmetric hash: flows may be split between workers");
      break;
    case DpdkSpreading::Software:
      software_steering_ = true;
      break;
  }
  if (software_steering_) {
    remarks_.push_back("workers sort flows among themselves, over rings" +
                       std::string(symmetric ? "" : ": the device does not confirm a symmetric hash of its own") +
                       (rx_queues_ < options_.workers ? "; it has " + std::to_string(rx_queues_) + " receive queues" : ""));
  }
}

/// The device's counter beside the processor's, the best of a few readings.
bool DpdkPort::read_device_clock() {
  constexpr int kTries = 5;
  uint64_t narrowest = UINT64_MAX, middle = 0, raw = 0;
  for (int i = 0; i < kTries; ++i) {
    uint64_t counter = 0;
    timespec time{};
    const uint64_t before = read_ticks();
    bool read = false;
    if (readable_ != Readable::Time && rte_eth_read_clock(id_, &counter) == 0) {
      readable_ = Readable::Counter;
      read = true;
    } else if (readable_ != Readable::Counter && rte_eth_timesync_read_time(id_, &time) == 0) {
      readable_ = Readable::Time;
      counter = static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
      read = true;
    }
    const uint64_t after = read_ticks();
    if (!read) return false;
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    middle = before + narrowest / 2;
    raw = counter;
  }
  const auto half = static_cast<int64_t>(std::ceil(static_cast<double>(narrowest) / 2 * tsc_.ns_per_tick()));
  clock_->add_reading({raw, tsc_.map().load().to_ns(middle), half + tsc_.error_ns()}, {raw, even_.to_ns(middle), half});
  return true;
}

void DpdkPort::maintain() {
  clock_->begin_reading();
  if (readable_ != Readable::No) read_device_clock();
  clock_->maintain();
}

TimestampProperties DpdkPort::timestamps() const {
  const bool hardware = clock_->in_use() && clock_->kind() != StampKind::None;
  if (!hardware) {
    const auto resolution = static_cast<int64_t>(std::ceil(tsc_.ns_per_tick()));
    return {TimestampSource::Tsc, std::max<int64_t>(1, resolution), tsc_.error_ns()};
  }
  const auto tick = static_cast<int64_t>(std::ceil(clock_->ns_per_tick()));
  return {facts_.stamps, std::max(facts_.stamp_unit_ns, tick), clock_->error_ns()};
}

std::string DpdkPort::clock_state() const {
  if (!clock_->in_use()) return clock_->describe() + "; processor's clock: " + tsc_.describe();
  if (clock_->kind() == StampKind::None) return "processor's clock, once a burst: " + tsc_.describe();
  return clock_->describe();
}

bool DpdkPort::link_up() const {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

void DpdkPort::find_loss_counters() {
  const int count = rte_eth_xstats_get_names(id_, nullptr, 0);
  if (count <= 0) return;
  std::vector<rte_eth_xstat_name> names(static_cast<size_t>(count));
  if (rte_eth_xstats_get_names(id_, names.data(), static_cast<unsigned>(count)) != count) return;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name(names[i].name, ::strnlen(names[i].name, sizeof names[i].name));
    if (counts_a_loss(name)) loss_ids_.emplace_back(i, name);
  }
}

size_t DpdkPort::read_losses(std::span<LossCounter> losses) const {
  rte_eth_stats stats{};
  rte_eth_stats_get(id_, &stats);
  size_t used = 0;
  const auto put = [&](std::string_view name, uint64_t value) {
    if (used < losses.size()) losses[used++] = {name, value};
  };
  put("rx_missed", stats.imissed);
  put("rx_errors", stats.ierrors);
  put("rx_no_buffer", stats.rx_nombuf);
  for (const auto& [id, name] : loss_ids_) {
    uint64_t value = 0;
    if (rte_eth_xstats_get_by_id(id_, &id, &value, 1) == 1 && value > 0) put(name, value);
  }
  return used;
}

}  // namespace wirewatch
