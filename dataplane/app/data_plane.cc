// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/data_plane.h"

#include <time.h>

#include <algorithm>

#include "dataplane/app/privileges.h"
#include "dataplane/base/nearest_name.h"
#ifdef WIREWATCH_HAS_DPDK
#include "dataplane/source/dpdk_eal.h"
#endif
#include "dataplane/pipeline/tap_stage.h"

namespace wirewatch {
namespace {

constexpr std::string_view kind_name(SourceKind kind) {
  switch (kind) {
    case SourceKind::Dpdk:
      return "dpdk";
    case SourceKind::AfPacket:
      return "afpacket";
    case SourceKind::AfXdp:
      return "afxdp";
    case SourceKind::File:
      return "file";
    case SourceKind::Replay:
      return "replay";
  }
  return "replay";
}

void add_losses(PortState& state, const WorkerReport& report) {
  for (size_t i = 0; i < std::min<size_t>(report.losses_used, report.losses.size()); ++i) {
    const LossCounter& loss = report.losses[i];
    const auto same = std::ranges::find_if(state.losses, [&](const auto& each) { return each.first == loss.name; });
    if (same != state.losses.end()) {
      same->second += loss.value;
    } else {
      state.losses.emplace_back(std::string(loss.name), loss.value);
    }
  }
}

/// Every worker takes what it was offered between two of its bursts. Waits for all of them, a second at most.
template <typename T>
void wait_until_taken(const std::vector<std::unique_ptr<WorkerThread>>& workers, Mailbox<T>& (LiveWorker::*mailbox)() noexcept) {
  constexpr int kMostMilliseconds = 1'000;
  for (int waited = 0; waited < kMostMilliseconds; ++waited) {
    bool settled = true;
    for (const auto& worker : workers) {
      Mailbox<T>& box = (worker->worker().*mailbox)();
      box.collect();
      settled = settled && box.settled();
    }
    if (settled) return;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace

Result<std::unique_ptr<DataPlane>> DataPlane::start(DataplaneConfig config) {
  std::unique_ptr<DataPlane> plane(new DataPlane(std::move(config)));
  if (const auto done = plane->set_up(); !done) return tl::unexpected(done.error());
  return plane;
}

DataPlane::~DataPlane() { stop(); }

Result<void> DataPlane::set_up() {
  started_ns_ = tsc_.now_ns();
  SharedLimits limits;
  limits.workers = 0;
  for (size_t i = 0; i < config_.ports.size(); ++i) limits.workers += workers_of(config_, i);
  limits.workers = std::max<uint32_t>(1, limits.workers);
  limits.table_rows = static_cast<uint32_t>(config_.max_table_rows);
  auto region = SharedRegion::create(limits, static_cast<uint64_t>(started_ns_), started_ns_);
  if (!region) return tl::unexpected(region.error());
  region_.emplace(std::move(*region));
  publisher_.emplace(*region_);
  registry_.emplace(*region_);
  blocks_.emplace(*registry_);
  auto rules = RuleStore::make(*registry_);
  if (!rules) return tl::unexpected(rules.error());
  rules_.emplace(std::move(*rules));
  if (!config_.rules.empty()) {
    if (const auto loaded = rules_->load_file(config_.rules); !loaded) return loaded;
  }
  auto ports = open_ports(config_, tsc_);
  if (!ports) return tl::unexpected(ports.error());
  ports_ = std::move(*ports);
  for (const IpPrefix& prefix : config_.allow_list) {
    if (const auto allowed = blocks_->allow(prefix); !allowed) return allowed;
  }
  if (const auto given_up = give_up_privileges(); !given_up) return given_up;
  if (const auto started = start_workers(); !started) return started;
  if (const auto applied = apply_blocks(); !applied) return applied;
  publish("running");
  return {};
}

/// Of this thread, from which the workers inherit, and of those that DPDK has started.
Result<void> DataPlane::give_up_privileges() {
  const auto is = [&](SourceKind kind) { return std::ranges::any_of(config_.ports, [&](const PortConfig& port) { return port.spec.kind == kind; }); };
  const uint64_t keep = capabilities_to_keep(is(SourceKind::AfXdp));
#ifdef WIREWATCH_HAS_DPDK
  if (is(SourceKind::Dpdk)) run_in_eal_thread([keep] { static_cast<void>(drop_capabilities(keep)); });
#endif
  if (const auto dropped = drop_capabilities(keep); !dropped) return dropped;
  for (const std::string& name : privileged_threads(keep)) remarks_.push_back("the thread '" + name + "' keeps its privileges");
  return {};
}

WorkerOptions DataPlane::worker_options(Port& of, unsigned number) const {
  const PortConfig& port = of.config();
  WorkerOptions options;
  of.add_clocks(number, options.clocks);
  if (of.partner() != nullptr) of.partner()->add_clocks(number, options.clocks);
  options.parse = {.vlan_in_key = port.vlan_in_key, .vni_in_key = port.vni_in_key};
  options.max_flows = std::max<uint64_t>(1, config_.max_flows / port.workers);
  options.max_pending_syns = std::max<uint64_t>(1, config_.max_pending_syns / port.workers);
  options.max_table_rows = config_.max_table_rows;
  options.local_networks = config_.local_networks;
  options.inner_destinations = port.decapsulate;
  options.ageing = kLiveAgeing;
  options.pass_ns = int64_t{config_.publish_interval_ms} * 1'000'000;
  options.rtt_ports = region_->limits().rtt_ports;
  options.preallocate = true;
  return options;
}

Result<void> DataPlane::start_workers() {
  unsigned number = 0;
  for (size_t at = 0; at < ports_.size(); ++at) {
    Port* const port = ports_[at].get();
    const std::vector<unsigned>& lcores = lcores_of(config_, at);
    for (unsigned i = 0; i < workers_of(config_, at); ++i, ++number) {
      const WorkerPlan plan{.number = number,
                            .number_in_port = i,
                            .port = port,
                            .lcore = lcores.empty() ? std::nullopt : std::optional(lcores[i]),
                            .options = worker_options(*port, i),
                            .loop = {config_.idle, config_.idle_sleep_us, tsc_.ns_per_tick()}};
      auto worker = WorkerThread::start(plan, rules_->prepare(), *region_);
      if (!worker) return tl::unexpected(worker.error());
      workers_.push_back(std::move(*worker));
    }
  }
  for (const auto& worker : workers_) worker->begin();
  return {};
}

void DataPlane::read_clocks() {
  tsc_.reanchor();
  for (const auto& port : ports_) port->maintain();
}

void DataPlane::tick() {
  read_clocks();
  for (const auto& worker : workers_) {
    worker->worker().rules().collect();
    worker->worker().drop_list().collect();
    worker->worker().taps().collect();
  }
  take_found_flows();
  if (blocks_->forget_expired(Timestamp{tsc_.now_ns()})) {
    // A list that cannot be written now is written with the next change; what has run out does no harm there.
    static_cast<void>(apply_blocks());
  }
  publish("running");
}

void DataPlane::stop() {
  if (workers_.empty()) return;
  publish("stopping");
  for (const auto& worker : workers_) worker->ask_to_stop();
  for (const auto& worker : workers_) worker->wait_for_last_packet();
  read_clocks();
  for (const auto& worker : workers_) worker->stop();
  publish("stopped");
  workers_.clear();
  ports_.clear();
}

/// They are in force when all have taken them.
void DataPlane::offer_rules() {
  for (const auto& worker : workers_) {
    worker->worker().rules().collect();
    worker->worker().rules().offer(rules_->prepare());
  }
  wait_until_taken(workers_, &LiveWorker::rules);
}

Result<void> DataPlane::load_rules(int sealed_fd) {
  if (const auto loaded = rules_->load_sealed(sealed_fd); !loaded) return loaded;
  offer_rules();
  // Filters by application go by the names, of which there are others now. What was taken before is taken still.
  if (!taps_.taps.empty()) static_cast<void>(offer_taps(taps_));
  if (!blocks_->table().names().empty()) {  // a category may have grown
    if (const auto applied = apply_blocks(); !applied) return applied;
  }
  publish("running");
  return {};
}

tl::expected<void, TapFault> DataPlane::set_taps(const TapRequest& request) {
  const auto refused = [](const Error& error) { return tl::unexpected(TapFault{error, std::nullopt}); };
  if (!packets_) {
    auto made = PacketRegion::create(static_cast<unsigned>(workers_.size()), size_t{config_.capture_ring_mib} << 20, generation());
    if (!made) return refused(made.error());
    packets_.emplace(std::move(*made));
  }
  if (!request.taps.empty()) {
    if (const auto reserved = packets_->reserve(); !reserved) return refused(reserved.error());
  }
  if (auto offered = offer_taps(request); !offered) return offered;
  taps_ = request;
  return {};
}

/// To all workers, or to none.
tl::expected<void, TapFault> DataPlane::offer_taps(const TapRequest& request) {
  const auto names = std::make_shared<TapNames>();
  auto applications = registry_->applications();
  names->filter.applications = std::move(applications.names);
  names->categories = std::move(applications.categories);
  for (const auto& port : ports_) names->ports.push_back(port->config().name);
  std::vector<std::unique_ptr<TapOrder>> orders;
  for (const auto& worker : workers_) {
    std::vector<uint16_t> polled;
    for (uint16_t i = 0; i < ports_.size(); ++i) {
      if (worker->board_of(*ports_[i]) != nullptr) polled.push_back(i);
    }
    auto set = TapSet::compile(request.taps, request.set, names, polled);
    if (!set) return tl::unexpected(set.error());
    orders.push_back(std::make_unique<TapOrder>(TapOrder{std::move(*set), &packets_->ring(worker->plan().number)}));
  }
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->worker().taps().collect();
    workers_[i]->worker().taps().offer(std::move(orders[i]));
  }
  wait_until_taken(workers_, &LiveWorker::taps);
  return {};
}

Result<void> DataPlane::replay(const std::string& name_of_port, const std::string& path, double speed, const std::string& name) {
  Port* chosen = nullptr;
  for (const auto& port : ports_) {
    if (!port->takes_replays()) continue;
    const bool named = port->config().name == name_of_port;
    const bool idle = port->replay_state().text.empty();
    if (named || (name_of_port.empty() && (chosen == nullptr || idle))) chosen = port.get();
    if (chosen == port.get() && (named || idle)) break;
  }
  if (chosen == nullptr) {
    return fail(name_of_port.empty() ? "no port takes captures; configure one with source = \"replay\""
                                     : "no port '" + name_of_port + "' takes captures");
  }
  auto reader = CaptureReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  return chosen->replay(std::move(*reader), speed, name);
}

Result<void> DataPlane::use_hardware_clock(const std::string& name, bool use) {
  std::vector<std::string> names;
  for (const auto& port : ports_) {
    if (port->config().name == name) return port->use_hardware_clock(use);
    names.push_back(port->config().name);
  }
  return fail("no port is called '" + name + "'" + did_you_mean(name, names));
}

Result<void> DataPlane::add_block(const BlockRequest& request) {
  const auto blocks = [](const auto& port) { return port->why_not_blocking().empty(); };
  if (request.name && std::ranges::none_of(ports_, blocks)) {
    std::string why;
    for (const auto& port : ports_) why += "; port '" + port->config().name + "': " + port->why_not_blocking();
    return fail("'" + request.name->name + "' cannot be blocked here" + why);
  }
  return blocks_->add(request, Timestamp{tsc_.now_ns()});
}

Result<void> DataPlane::block(const BlockRequest& request) {
  if (const auto added = add_block(request); !added) return added;
  return apply_blocks();
}

Result<std::vector<std::string>> DataPlane::block(std::span<const BlockRequest> requests) {
  std::vector<std::string> faults;
  for (const BlockRequest& each : requests) {
    const auto added = add_block(each);
    faults.push_back(added ? std::string() : added.error().message);
  }
  if (const auto applied = apply_blocks(); !applied) return tl::unexpected(applied.error());
  return faults;
}

Result<void> DataPlane::unblock(const BlockRequest& request) {
  if (const auto removed = blocks_->remove(request); !removed) return removed;
  return apply_blocks();
}

/// Of flows whose application is blocked, devices are told the addresses.
void DataPlane::take_found_flows() {
  std::vector<BlockedFlow> flows;
  for (const auto& port : ports_) port->take_found(flows);
  bool news = false;
  for (const BlockedFlow& flow : flows) news = blocks_->found(flow) || news;
  // What cannot be written now is found again by the flow's next frame, or written with the next change.
  if (news) static_cast<void>(apply_blocks());
}

Result<void> DataPlane::apply_blocks() {
  const BlockTable& table = blocks_->table();
  const bool empty = table.prefixes().empty() && table.flows().empty() && table.names().empty();
  const DropRules rules = empty ? DropRules{} : blocks_->for_workers();
  const BlockTable for_devices = blocks_->for_devices();
  for (const auto& worker : workers_) {
    if (!worker->plan().port->blocks_in_workers()) continue;
    worker->worker().drop_list().collect();
    worker->worker().drop_list().offer(std::make_unique<DropList>(rules));
  }
  for (const auto& port : ports_) {
    port->keep_back(rules);
    if (const auto applied = port->apply(for_devices); !applied) return fail("port '" + port->config().name + "': " + applied.error().message);
  }
  return {};
}

PortState DataPlane::describe(size_t index) {
  const Port& port = *ports_[index];
  PortState state;
  state.name = port.config().name;
  state.source = kind_name(port.config().spec.kind);
  for (const auto& worker : workers_) {
    WorkerReportBoard* const board = worker->board_of(port);
    if (board == nullptr) continue;
    const WorkerReport report = board->read();
    state.received += report.received;
    state.forwarded_packets += report.forwarded;
    state.dropped_packets += report.dropped;
    state.timestamps = report.timestamps;
    busy_ticks_ += report.busy_ticks;
    idle_ticks_ += report.idle_ticks;
    add_losses(state, report);
    if (port.config().workers == 1) state.worker = worker->plan().number;
  }
  port.describe(state);
  return state;
}

void DataPlane::publish(std::string_view state) {
  const uint64_t busy_before = std::exchange(busy_ticks_, 0), idle_before = std::exchange(idle_ticks_, 0);
  state_.updated_ns = tsc_.now_ns();
  ++state_.updates;
  state_.state = state;
  state_.rules_generation = rules_->generation();
  state_.rules_sha256 = rules_->sha256();
  state_.replay.clear();
  state_.ports.clear();
  for (size_t i = 0; i < ports_.size(); ++i) {
    const ReplayState replay = ports_[i]->replay_state();
    if (!replay.text.empty()) state_.replay = replay.text;
    if (ports_[i]->takes_replays()) state_.replay_packets = replay.packets;
    state_.ports.push_back(describe(i));
  }
  const double busy = static_cast<double>(busy_ticks_ - std::min(busy_ticks_, busy_before));
  const double idle = static_cast<double>(idle_ticks_ - std::min(idle_ticks_, idle_before));
  if (busy + idle > 0) state_.idle_share = idle / (busy + idle);
  publisher_->publish(state_);
}

}  // namespace wirewatch
