// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/kernel_ports.h"

#include "dataplane/app/found_flows.h"
#include "dataplane/app/inline_source.h"
#include "dataplane/source/afpacket.h"
#include "dataplane/source/afpacket_sender.h"
#ifdef WIREWATCH_HAS_AFXDP
#include "dataplane/source/afxdp.h"
#endif

namespace wirewatch {
namespace {

/// What both kinds have in common: a source for each worker and, in a pair, a way out for each.
template <LiveSource Source, typename Sender>
class KernelPort : public Port {
 public:
  KernelPort(const PortConfig& config, const TscClock& tsc) : Port(config), tsc_(tsc) {}

  void run(unsigned number, const WorkerContext& context) override {
    if (partner_ != nullptr) {
      auto one = half(number), other = static_cast<KernelPort*>(partner_)->half(number);
      PairSource pair(one, other);
      WorkerLoop loop(pair, context.boards, context.settings,
                      [&pair](const Burst& burst, uint64_t drop) { pair.forward(burst, drop); });
      run_live(pair, context.worker, loop, context.stop);
      loop.write_report();
      read_nic_clock(number);
      static_cast<KernelPort*>(partner_)->read_nic_clock(number);
    } else {
      WorkerLoop loop(source(number), context.boards, context.settings, [this, number](const Burst& burst, uint64_t blocked) {
        if (blocked != 0) note_blocked(number, burst, blocked);
      });
      run_live(source(number), context.worker, loop, context.stop);
      loop.write_report();
      read_nic_clock(number);
    }
  }
  void describe(PortState& state) const override {
    state.link_up = first().link() == LinkState::Up;
    state.clock_state = first().describe_clock();
    uint64_t not_sent = 0, shed = 0;
    for (const auto& out : ways_out_) {
      state.forwarded_packets += out->counts.forwarded.get();
      state.dropped_packets += out->counts.blocked.get();
      not_sent += out->counts.not_sent.get();
      shed += out->counts.shed_inspection.get();
    }
    if (ways_out_.empty()) return;
    state.losses.emplace_back("not_sent", not_sent);
    state.losses.emplace_back("shed_inspection", shed);
  }
  Result<void> use_hardware_clock(bool use) override {
    for (unsigned i = 0; i < config_.workers; ++i) source(i).use_hardware_stamps(use);
    return {};
  }
  void add_clocks(unsigned number, ClockWatches& clocks) override {
    clocks.add(&tsc_.watch());  // which follows the system's, by which the kernel stamps
    if (const NicClock* const nic = source(number).nic_clock()) clocks.add(&nic->watch());
  }
  bool blocks_in_workers() const override { return !ways_out_.empty(); }
  void keep_back(const DropRules& rules) override {
    for (const auto& out : ways_out_) {
      out->guard.lists().collect();
      out->guard.lists().offer(std::make_unique<DropList>(rules));
    }
  }
  void maintain() override {
    for (const auto& out : ways_out_) out->guard.lists().collect();
  }

 protected:
  virtual Source& source(unsigned number) = 0;
  virtual const Source& first() const = 0;
  /// On a worker's thread, of a port that sends nothing on.
  virtual void note_blocked(unsigned, const Burst&, uint64_t) noexcept {}
  /// One direction of the pair.
  InlineSource<Source, Sender> half(unsigned number) {
    WayOut& out = *ways_out_[number];
    return {source(number), *out.sender, out.guard, out.counts};
  }
  void add_way_out(Sender& sender) {
    ways_out_.push_back(std::make_unique<WayOut>(sender, ParseOptions{.vlan_in_key = config_.vlan_in_key, .vni_in_key = config_.vni_in_key}));
  }

 private:
  /// On the worker's thread: after its last packet.
  void read_nic_clock(unsigned number) {
    if (NicClock* const nic = source(number).nic_clock()) nic->take_reading();
  }

  struct WayOut {
    WayOut(Sender& out, const ParseOptions& parse) : sender(&out), guard(parse) {}
    Sender* sender;
    ShedGuard guard;
    InlineCounts counts;
  };
  const TscClock& tsc_;
  std::vector<std::unique_ptr<WayOut>> ways_out_;  // by worker
};

class AfPacketPort final : public KernelPort<AfPacketSource, AfPacketSender> {
 public:
  AfPacketPort(const PortConfig& config, const TscClock& tsc, std::vector<std::unique_ptr<AfPacketSource>> sources)
      : KernelPort(config, tsc), sources_(std::move(sources)) {}

  Result<void> join(Port& partner) override {
    partner_ = &partner;
    for (const auto& source : sources_) {
      auto sender = AfPacketSender::open(partner.config().spec.target);
      if (!sender) return tl::unexpected(sender.error());
      (*sender)->keep_offloads_of(*source);
      senders_.push_back(std::move(*sender));
      add_way_out(*senders_.back());
    }
    return {};
  }
  std::string why_not_blocking() const override {
    return partner_ == nullptr ? "it only looks on, at copies; it would have to be half of an inline pair (inline_with)" : "";
  }

 private:
  AfPacketSource& source(unsigned number) override { return *sources_[number]; }
  const AfPacketSource& first() const override { return *sources_.front(); }

  std::vector<std::unique_ptr<AfPacketSource>> sources_;
  std::vector<std::unique_ptr<AfPacketSender>> senders_;
};

#ifdef WIREWATCH_HAS_AFXDP
class AfXdpAppPort final : public KernelPort<AfXdpSource, AfXdpSender> {
 public:
  AfXdpAppPort(const PortConfig& config, const TscClock& tsc, AfXdpPort port) : KernelPort(config, tsc), port_(std::move(port)) {
    for (size_t i = 0; i < port_.sources.size(); ++i) found_.push_back(std::make_unique<FoundFlows>());
  }

  Result<void> join(Port& partner) override {
    auto& other = static_cast<AfXdpAppPort&>(partner);  // complete_config saw to the kind
    partner_ = &other;
    for (const auto& source : other.port_.sources) add_way_out(source->sender());
    return {};
  }
  void describe(PortState& state) const override {
    KernelPort::describe(state);
    const XdpCounters counters = port_.program->counters();
    for (size_t i = 0; i < counters.size(); ++i) {
      if (kXdpCounterNames[i].starts_with("xdp_blocked")) state.dropped_packets += counters[i];
      state.losses.emplace_back(std::string(kXdpCounterNames[i]), counters[i]);
    }
  }
  Result<void> apply(const BlockTable& table) override { return port_.program->apply(table); }
  // Its program drops by address before any worker sees a frame; what an application's flows are, workers tell.
  bool blocks_in_workers() const override { return true; }
  std::string why_not_blocking() const override { return {}; }
  void take_found(std::vector<BlockedFlow>& flows) override {
    for (const auto& each : found_) each->take(flows);
  }
  std::vector<std::string> remarks() const override { return port_.warnings; }

 private:
  AfXdpSource& source(unsigned number) override { return *port_.sources[number]; }
  void note_blocked(unsigned number, const Burst& burst, uint64_t blocked) noexcept override { found_[number]->note(burst, blocked); }
  const AfXdpSource& first() const override { return *port_.sources.front(); }

  AfXdpPort port_;
  std::vector<std::unique_ptr<FoundFlows>> found_;  // by worker
};
#endif

}  // namespace

Result<std::unique_ptr<Port>> open_afpacket_port(const PortConfig& config, uint16_t number, const TscClock& tsc) {
  const bool in_pair = !config.inline_with.empty();
  AfPacketOptions options;
  options.interface = config.spec.target;
  options.port = number;
  options.queues = config.workers;
  options.promiscuous = config.promiscuous;
  options.hardware_stamps = config.timestamps != TimestampPolicy::Off;
  options.ignore_outgoing = in_pair;  // or what the pair sends would come in again
  options.forwarded = in_pair;
  if (in_pair) options.block_timeout_ms = 1;  // a frame waits that long in the ring: what the pair adds to every round trip
  auto sources = AfPacketSource::open(options);
  if (!sources) return tl::unexpected(sources.error());
  return std::make_unique<AfPacketPort>(config, tsc, std::move(*sources));
}

Result<std::unique_ptr<Port>> open_afxdp_port(const PortConfig& config, [[maybe_unused]] uint16_t number,
                                               [[maybe_unused]] const TscClock& tsc) {
#ifdef WIREWATCH_HAS_AFXDP
  constexpr uint32_t kSendFrames = 2048;
  const bool vouched_for = config.workers == 1 || config.steering == Steering::Nic;
  if (!config.inline_with.empty() && !vouched_for) {
    return fail(why_no_pair_of_many("the queues of '" + config.spec.target + "' are filled by the NIC's own hash, which AF_XDP cannot make symmetric"));
  }
  AfXdpOptions options;
  options.interface = config.spec.target;
  options.port = number;
  options.queues = config.workers;
  options.promiscuous = config.promiscuous;
  options.hardware_stamps = config.timestamps != TimestampPolicy::Off;
  options.tx_frames = config.inline_with.empty() ? 0 : kSendFrames;
  if (config.generic_xdp) options.mode = XdpOptions::Mode::Generic;
  auto port = AfXdpPort::open(options);
  if (!port) return tl::unexpected(port.error());
  if (port->sources.size() != config.workers) {
    return fail("'" + config.spec.target + "' has " + std::to_string(port->sources.size()) + " receive queues for " +
                std::to_string(config.workers) + " workers; AF_XDP takes a worker for each");
  }
  if (!vouched_for) {
    port->warnings.push_back("the NIC's hash decides which worker sees a frame, and both directions of a connection meet only when it is "
                             "symmetric: 'ethtool -X " + config.spec.target + " hfunc toeplitz hkey 6d:5a:...' (6d:5a over and over), or workers = 1");
  }
  return std::make_unique<AfXdpAppPort>(config, tsc, std::move(*port));
#else
  return fail("'afxdp:" + config.spec.target +
              "': this program was built without AF_XDP (libbpf, libxdp, clang and bpftool); use afpacket: or dpdk:");
#endif
}

}  // namespace wirewatch
