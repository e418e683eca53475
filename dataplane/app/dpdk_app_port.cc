// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/dpdk_app_port.h"

#include <sched.h>

#include <functional>

#include "dataplane/source/dpdk_eal.h"

namespace wirewatch {
namespace {

constexpr DpdkSpreading spreading_of(Steering steering) {
  switch (steering) {
    case Steering::Nic:
      return DpdkSpreading::Nic;
    case Steering::Software:
      return DpdkSpreading::Software;
    case Steering::Auto:
      break;
  }
  return DpdkSpreading::Auto;
}

/// The cores this process may use, as EAL writes lists.
std::string usable_cores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  std::string list;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return list;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &cores)) list += (list.empty() ? "" : ",") + std::to_string(core);
  }
  return list;
}

}  // namespace

Result<void> start_dpdk(const DataplaneConfig& config) {
  EalOptions options;
  options.memory_mb = config.memory_mb;
  options.main_cores = usable_cores();
  options.hugepages = config.hugepages == HugepagePolicy::On ||
                      (config.hugepages == HugepagePolicy::Auto && hugepages_available(config.memory_mb));
  options.more = config.eal_arguments;
  for (const PortConfig& port : config.ports) {
    if (port.spec.kind != SourceKind::Dpdk) continue;
    const auto device = parse_dpdk_device(port.spec.target);
    if (!device) return fail("port '" + port.name + "': " + device.error().message);
    options.devices.push_back(*device);
  }
  return start_eal(options);
}

Result<std::unique_ptr<DpdkAppPort>> DpdkAppPort::open(const PortConfig& config, const DataplaneConfig& all, uint16_t number,
                                                       const TscClock& tsc) {
  const auto device = parse_dpdk_device(config.spec.target);
  if (!device) return tl::unexpected(device.error());
  const bool in_pair = !config.inline_with.empty();
  const DpdkPortOptions options{.device = *device,
                                .interface = number,
                                .workers = config.workers,
                                .spreading = in_pair ? DpdkSpreading::Nic : spreading_of(config.steering),
                                .descriptors = config.descriptors,
                                .pool = config.pool,
                                .buffer_bytes = config.buffer_bytes,
                                .mtu = config.mtu,
                                .promiscuous = config.promiscuous,
                                .hardware_stamps = config.timestamps != TimestampPolicy::Off,
                                .trust_stamps = config.timestamps == TimestampPolicy::Trust,
                                .forwards = in_pair,
                                .interrupts = all.idle == IdleMode::Adaptive && !in_pair};
  std::unique_ptr<DpdkAppPort> port(new DpdkAppPort(config));
  auto opened = DpdkPort::open(options, tsc);
  if (!opened) return tl::unexpected(opened.error());
  port->device_ = std::move(*opened);
  if (in_pair && config.steering != Steering::Nic && !port->device_->spreads_symmetrically()) {
    return fail(why_no_pair_of_many("'" + device->name + "' (" + port->device_->driver() + ") does not confirm a symmetric hash"));
  }
  if (port->device_->steers_in_software()) {
    auto steering = DpdkSteering::make(*port->device_, config.workers);
    if (!steering) return tl::unexpected(steering.error());
    port->steering_ = std::move(*steering);
    const ParseOptions parse{.vlan_in_key = config.vlan_in_key, .vni_in_key = config.vni_in_key};
    for (unsigned i = 0; i < config.workers; ++i) {
      port->steered_.push_back(std::make_unique<SteeredDpdkQueue>(*port->device_, *port->steering_, i, parse));
    }
  } else {
    if (port->device_->rx_queues() < config.workers) {
      return fail("'" + device->name + "' has " + std::to_string(port->device_->rx_queues()) + " receive queues for " +
                  std::to_string(config.workers) + " workers; with steering = \"software\" the others are given work too");
    }
    for (unsigned i = 0; i < config.workers; ++i) port->queues_.push_back(std::make_unique<DpdkQueue>(*port->device_, i));
  }
  return port;
}

Result<void> DpdkAppPort::join(Port& other) {
  auto& partner = static_cast<DpdkAppPort&>(other);  // complete_config saw to the kind
  partner_ = &partner;
  const ParseOptions parse{.vlan_in_key = config_.vlan_in_key, .vni_in_key = config_.vni_in_key};
  for (const auto& queue : queues_) {
    guards_.push_back(std::make_unique<ShedGuard>(parse));
    queue->forward_to(*partner.device_);
    queue->guard_with(std::ref(*guards_.back()));
  }
  return {};
}

void DpdkAppPort::maintain() {
  device_->maintain();
  for (const auto& guard : guards_) guard->lists().collect();
}

void DpdkAppPort::keep_back(const DropRules& rules) {
  for (const auto& guard : guards_) {
    guard->lists().collect();
    guard->lists().offer(std::make_unique<DropList>(rules));
  }
}

void DpdkAppPort::run(unsigned number, const WorkerContext& context) {
  const DpdkThread registered;
  if (steering_) {
    WorkerLoop loop(*steered_[number], context.boards, context.settings, [](const Burst&, uint64_t) {});
    run_live(*steered_[number], context.worker, loop, context.stop);
    loop.write_report();
    return;
  }
  DpdkQueue& queue = *queues_[number];
  if (partner_ != nullptr) {
    PairSource pair(queue, *static_cast<DpdkAppPort*>(partner_)->queues_[number]);
    WorkerLoop loop(pair, context.boards, context.settings, [&pair](const Burst& burst, uint64_t drop) { pair.forward(burst, drop); });
    run_live(pair, context.worker, loop, context.stop);
    loop.write_report();
    return;
  }
  WorkerLoop loop(queue, context.boards, context.settings, [](const Burst&, uint64_t) {});
  run_live(queue, context.worker, loop, context.stop);
  loop.write_report();
}

void DpdkAppPort::describe(PortState& state) const {
  state.link_up = device_->link_up();
  state.timestamps = device_->timestamps();
  state.clock_state = device_->clock_state();
  state.losses.clear();  // of the device, once, not once a worker
  const auto add = [&](std::string_view name, uint64_t value) { state.losses.emplace_back(std::string(name), value); };
  std::array<LossCounter, kMostLossCounters> losses;
  const size_t used = device_->read_losses(losses);
  for (size_t i = 0; i < used; ++i) add(losses[i].name, losses[i].value);
  uint64_t wrong_queue = 0, steering_full = 0, tx_full = 0, shed = 0;
  for (const auto& queue : steered_) {
    wrong_queue += queue->wrong_queue();
    steering_full += queue->steering_full();
  }
  for (const auto& queue : queues_) {
    tx_full += queue->forwarded().tx_full.get();
    shed += queue->forwarded().shed_inspection.get();
  }
  if (steering_) {
    add("wrong_queue", wrong_queue);
    add("steering_full", steering_full);
  }
  if (!config_.inline_with.empty()) {
    add("tx_full", tx_full);
    add("shed_inspection", shed);
  }
}

Result<void> DpdkAppPort::use_hardware_clock(bool use) {
  device_->clock().switch_to(use);
  return {};
}

}  // namespace wirewatch
