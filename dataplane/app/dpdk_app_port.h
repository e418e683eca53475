// SPDX-License-Identifier: BSD-3-Clause
// `dpdk:` ports: a device with a queue for each worker, sorted out by the NIC or by the workers, alone or as half of an
// inline pair.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/app/port.h"
#include "dataplane/app/shed_guard.h"
#include "dataplane/source/dpdk_port.h"
#include "dataplane/source/dpdk_queue.h"
#include "dataplane/source/dpdk_steering.h"

namespace wirewatch {

class DpdkAppPort final : public Port {
 public:
  static Result<std::unique_ptr<DpdkAppPort>> open(const PortConfig& config, const DataplaneConfig& all, uint16_t number, const TscClock& tsc);
  Result<void> join(Port& partner) override;
  void run(unsigned number, const WorkerContext& context) override;
  void maintain() override;
  void describe(PortState& state) const override;
  Result<void> use_hardware_clock(bool use) override;
  void add_clocks(unsigned, ClockWatches& clocks) override { clocks.add(&device_->clock().watch()); }
  void keep_back(const DropRules& rules) override;
  bool blocks_in_workers() const override { return !config_.inline_with.empty(); }
  std::string why_not_blocking() const override {
    return config_.inline_with.empty() ? "it only receives; it would have to be half of an inline pair (inline_with)" : "";
  }
  std::vector<std::string> remarks() const override { return device_->remarks(); }

 private:
  explicit DpdkAppPort(const PortConfig& config) : Port(config) {}

  std::unique_ptr<DpdkPort> device_;
  std::vector<std::unique_ptr<ShedGuard>> guards_;              // by worker, of an inline pair
  std::vector<std::unique_ptr<DpdkQueue>> queues_;              // by worker, when the NIC sorts flows out
  std::unique_ptr<DpdkSteering> steering_;
  std::vector<std::unique_ptr<SteeredDpdkQueue>> steered_;      // by worker, when the workers do
};

/// DPDK itself, started for these ports.
Result<void> start_dpdk(const DataplaneConfig& config);

}  // namespace wirewatch
