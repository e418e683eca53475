// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/kernel_ports.h"

#include "dataplane/source/afpacket.h"
#ifdef WIREWATCH_HAS_AFXDP
#include "dataplane/source/afxdp.h"
#endif

namespace wirewatch {
namespace {

constexpr auto kSendNothing = [](const Burst&, uint64_t) {};

template <LiveSource Source>
void run_source(Source& source, const WorkerContext& context) {
  WorkerLoop loop(source, context.board, context.settings, kSendNothing);
  run_live(source, context.worker, loop, context.stop);
  loop.write_report();
}

class AfPacketPort final : public Port {
 public:
  AfPacketPort(const PortConfig& config, std::vector<std::unique_ptr<AfPacketSource>> sources)
      : Port(config), sources_(std::move(sources)) {}

  void run(unsigned number, const WorkerContext& context) override { run_source(*sources_[number], context); }
  void describe(PortState& state) const override {
    state.link_up = sources_.front()->link() == LinkState::Up;
    state.clock_state = "stamped by the kernel or, where it says so, the NIC";
  }

 private:
  std::vector<std::unique_ptr<AfPacketSource>> sources_;
};

#ifdef WIREWATCH_HAS_AFXDP
class AfXdpAppPort final : public Port {
 public:
  AfXdpAppPort(const PortConfig& config, AfXdpPort port) : Port(config), port_(std::move(port)) {}

  void run(unsigned number, const WorkerContext& context) override { run_source(*port_.sources[number], context); }
  void describe(PortState& state) const override {
    state.link_up = port_.sources.front()->link() == LinkState::Up;
    state.clock_state = port_.program->hardware_stamps() ? "stamped by the NIC" : "stamped by the kernel in the XDP program";
    const XdpCounters counters = port_.program->counters();
    for (size_t i = 0; i < counters.size(); ++i) {
      if (kXdpCounterNames[i].starts_with("xdp_blocked")) state.dropped_packets += counters[i];
      state.losses.emplace_back(std::string(kXdpCounterNames[i]), counters[i]);
    }
  }
  Result<void> apply(const BlockTable& table) override { return port_.program->apply(table); }
  std::vector<std::string> remarks() const override { return port_.warnings; }

 private:
  AfXdpPort port_;
};
#endif

}  // namespace

Result<std::unique_ptr<Port>> open_afpacket_port(const PortConfig& config, uint16_t number) {
  AfPacketOptions options;
  options.interface = config.spec.target;
  options.port = number;
  options.queues = config.workers;
  options.promiscuous = config.promiscuous;
  options.hardware_stamps = config.timestamps != TimestampPolicy::Off;
  auto sources = AfPacketSource::open(options);
  if (!sources) return tl::unexpected(sources.error());
  return std::make_unique<AfPacketPort>(config, std::move(*sources));
}

Result<std::unique_ptr<Port>> open_afxdp_port(const PortConfig& config, [[maybe_unused]] uint16_t number) {
#ifdef WIREWATCH_HAS_AFXDP
  AfXdpOptions options;
  options.interface = config.spec.target;
  options.port = number;
  options.queues = config.workers;
  options.promiscuous = config.promiscuous;
  options.hardware_stamps = config.timestamps != TimestampPolicy::Off;
  if (config.generic_xdp) options.mode = XdpOptions::Mode::Generic;
  auto port = AfXdpPort::open(options);
  if (!port) return tl::unexpected(port.error());
  if (port->sources.size() != config.workers) {
    return fail("'" + config.spec.target + "' has " + std::to_string(port->sources.size()) + " receive queues for " +
                std::to_string(config.workers) + " workers; AF_XDP takes a worker for each");
  }
  return std::make_unique<AfXdpAppPort>(config, std::move(*port));
#else
  return fail("'afxdp:" + config.spec.target + "': this program was built without AF_XDP (libbpf, libxdp, clang and bpftool); use afpacket: or dpdk:");
#endif
}

}  // namespace wirewatch
