// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/live_service.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <time.h>
#include <unistd.h>

#include "control/daemon/capture_opener.h"
#include "control/report/human.h"
#include "dataplane/base/nearest_name.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

int64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * kSecond_ns + time.tv_nsec;
}

uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

EventCollector::Bounds bounds_of(const DaemonConfig& config) {
  EventCollector::Bounds bounds;
  bounds.flows = config.most_flows;
  bounds.alerts = config.most_alerts;
  bounds.handshakes.recent = config.most_handshakes;
  bounds.handshakes.windows = {.servers = config.most_servers, .ports = config.most_ports};
  bounds.handshakes.server_ports = config.metric_ports;
  return bounds;
}

PortView view_of(const PortState& port) {
  PortView view{.name = port.name,
                .source = port.source,
                .link_up = port.link_up,
                .timestamp_source = to_string(port.timestamps.source),
                .timestamp_resolution_ns = port.timestamps.resolution_ns,
                .clock_error_ns = {},
                .clock_state = port.clock_state,
                .received = port.received,
                .forwarded_packets = port.forwarded_packets,
                .dropped_packets = port.dropped_packets,
                .loss = port.losses};
  if (port.timestamps.error_ns != TimestampProperties::kUnknownError) view.clock_error_ns = port.timestamps.error_ns;
  return view;
}

Refusal no_captures() { return {501, "there are no capture sessions here: capture_directory in [control] is \"none\", or nobody says where"}; }

}  // namespace

DaemonClock DaemonClock::system() {
  return {.utc = [] { return Timestamp{read_clock(CLOCK_REALTIME)}; },
          .steady_ns = [] { return read_clock(CLOCK_MONOTONIC); }};
}

LiveService::LiveService(boost::asio::io_context& io, const DaemonConfig& config, DaemonClock clock, RuleFolders rules,
                         std::function<void(const std::string&)> log)
    : config_(config),
      clock_(std::move(clock)),
      log_(std::move(log)),
      started_(clock_.utc()),
      started_steady_ns_(clock_.steady_ns()),
      events_(catalogue_, config.unwanted, bounds_of(config)),
      blocks_(config.api_socket + ".blocked"),
      rules_(
          io, std::move(rules),
          [this](FileDescriptor sealed, std::function<void(Result<std::string>)> done) {
            link->request({{"command", "load-rules"}}, std::move(sealed), [this, done = std::move(done)](Result<Json> answer) {
              if (!answer) return done(tl::unexpected(answer.error()));
              const auto hash = answer->find("rules_sha256");
              if (hash == answer->end() || !hash->is_string()) return done(fail("it does not say which rules it runs"));
              done(hash->get<std::string>());
              offer_blocks();  // of applications, whose names it knows now
            });
          },
          clock_.utc, log_),
      totals_(std::make_shared<TotalsKeeper>(catalogue_)) {
  if (!config.capture_directory.empty() && config.capture_directory != "none") {
    captures_ = std::make_unique<CaptureSessions>(io, config_, [this] { return link; }, log_);
  }
  auto checkpoint = Checkpoint::open(config.api_socket + ".totals");
  if (checkpoint) {
    checkpoint_.emplace(std::move(*checkpoint));
  } else {
    log_(checkpoint.error().message);
  }
  go_on_from_windows();
}

LiveService::~LiveService() {
  save();
  save_windows(true);
  save_alerts(true);
  pool_.join();
}

void LiveService::connected(Hello hello) {
  const bool same = region_ && region_->generation() == hello.generation;
  connected_ = true;
  problem_.clear();
  if (same) {
    gaps_.never_mind();
  } else {
    if (region_) {
      ++restarts_;
    } else {
      go_on_from_last(*hello.region);
    }
    gaps_.end(Timestamp{hello.region->start_time_ns()});
    region_ = std::move(hello.region);
    process_.reset();
    rates_.restart();
    events_.attach(region_, {clock_.utc(), clock_.steady_ns()});
    boost::asio::post(pool_, [totals = totals_, region = region_] { totals->attach(region); });
    blocks_.all_are_owed();
  }
  log_("the data plane with process id " + std::to_string(hello.pid) + (same ? " is back" : " is there"));
  look_at_process();
  rules_.connected(hello.rules_sha256);
  offer_blocks();
  if (captures_) captures_->connected(*region_, rules_.hosts());
}

void LiveService::lost(const std::string& reason) {
  connected_ = false;
  rules_.disconnected();
  problem_ = reason;
  const bool counted = process_ && process_->updated_ns > 0;
  gaps_.begin(counted ? Timestamp{process_->updated_ns} : clock_.utc(), reason);
  log_(reason);
  if (captures_) captures_->lost(reason);
}

void LiveService::explain(const std::string& reason) {
  problem_ = reason;
  gaps_.explain(reason);
  log_(reason);
}

bool LiveService::tick() {
  const bool more = region_ && events_.collect({clock_.utc(), clock_.steady_ns()});
  if (region_) save();
  save_windows(false);
  save_alerts(false);
  for (const std::string& fault : state_faults_.take()) log_(fault);
  if (connected_ && clock_.steady_ns() - looked_ns_ >= kSecond_ns) look_at_process();
  if (captures_) show_captures_what_happened();
  return more;
}

void LiveService::show_captures_what_happened() {
  if (region_) captures_->refresh_names(*region_, rules_.hosts());
  const int64_t now_ns = clock_.steady_ns();
  if (now_ns - captures_looked_ns_ < kSecond_ns) return;
  captures_looked_ns_ = now_ns;
  captures_->look(process_ ? &*process_ : nullptr, events_, now_ns);
}

void LiveService::look_at_process() {
  looked_ns_ = clock_.steady_ns();
  auto process = region_->read_process();
  if (!process) return;  // it has not written any yet, or is writing
  process_ = std::move(*process);
  Traffic received;
  for (const PortState& port : process_->ports) received += port.received;
  rates_.observe(looked_ns_, received, events_.handshakes().totals().attempts);
  if (process_->updates > 0) rules_.observe(process_->rules_sha256, process_->rules_generation);
  check_policy();
}

void LiveService::check_policy() {
  if (process_->rules_generation == policy_checked_ || region_->application_count() == 0) return;
  policy_checked_ = process_->rules_generation;
  catalogue_->ids_of(*region_);
  const auto names = catalogue_->names();
  for (const std::string& name : events_.alerts().unknown_names(*names)) {
    log_("unwanted '" + name + "' is neither an application nor a category of the rules" + did_you_mean(name, names->names));
  }
}

std::string LiveService::summary() const {
  if (!connected_) return problem_.empty() ? "Waiting for the data plane" : "No data plane: " + problem_;
  const RatesView rates = rates_.rates();
  return human_count(rates.packets_per_second) + " packets/s, " + human_count(rates.bits_per_second / 1'000'000) + " Mbit/s, " +
         human_count(events_.alerts().raised()) + " alerts, rules " + rules_.view().sha256.substr(0, 16);
}

StatusView LiveService::status() const {
  StatusView view;
  view.control = {.started = started_,
                  .uptime_s = (clock_.steady_ns() - started_steady_ns_) / kSecond_ns,
                  .memory_bytes = resident_bytes()};
  DataplaneView& dataplane = view.dataplane;
  dataplane.state = connected_ ? "running" : region_ ? "gone" : "starting";
  dataplane.managed = config_.dataplane == DataplaneMode::Start;
  dataplane.restarts = restarts_;
  dataplane.error = problem_;
  if (region_) {
    dataplane.pid = region_->pid();
    dataplane.generation = region_->generation();
    dataplane.started = Timestamp{region_->start_time_ns()};
    dataplane.workers = region_->worker_count();
  }
  if (process_) {
    dataplane.idle_share = process_->idle_share;
    if (process_->updated_ns > 0) dataplane.snapshot_age_ns = clock_.utc().since(Timestamp{process_->updated_ns});
    for (const PortState& port : process_->ports) view.ports.push_back(view_of(port));
    if (!process_->replay.empty() || replayed_) {
      const bool running = !process_->replay.empty();
      view.replay = {.name = running ? process_->replay : *replayed_,
                     .running = running,
                     .packets = process_->replay_packets,
                     .error = {}};
    }
  }
  if (connected_) view.rates = rates_.rates();
  view.rules = rules_.view();
  if (!connected_) view.rules.sha256.clear();
  view.gaps = gaps_.gaps();
  view.alert_count = events_.alerts().raised();
  view.control_loss = {{"flows_forgotten", events_.flows().forgotten()},
                       {"alerts_forgotten", events_.alerts().forgotten()},
                       {"malformed_events", events_.malformed()},
                       {"connections_refused", refused_connections()}};
  if (captures_) view.captures = captures_->totals();
  return view;
}

Result<HandshakeView> LiveService::handshakes(std::string_view window, size_t top, std::optional<uint16_t> port) const {
  const auto* const asked = std::ranges::find(kHistoryWindows, window, &HistoryWindowInfo::name);
  if (asked == kHistoryWindows.end()) return fail("'window' takes 1m, 5m or 1h");
  auto summary = events_.handshakes().windows().summarise(asked->window, clock_.steady_ns());
  HandshakeView view{.window = asked->name, .totals = summary.totals, .by_server = {}, .by_port = {}, .recent = {}};
  if (process_) std::ranges::transform(process_->ports, std::back_inserter(view.clocks), view_of);
  if (port) {
    const auto elsewhere = [&](const HandshakeGroup& group) { return group.other || group.server.port != *port; };
    std::erase_if(summary.by_server, elsewhere);
    std::erase_if(summary.by_port, elsewhere);
    view.totals = summary.by_port.empty() ? HandshakeGroup{} : summary.by_port.front();
  }
  view.by_server = std::move(summary.by_server);
  view.by_port = std::move(summary.by_port);
  if (view.by_server.size() > top) view.by_server.resize(top);
  if (view.by_port.size() > top) view.by_port.resize(top);
  events_.handshakes().for_each_recent([&](const HandshakeRecord& each) {
    if (port && each.server.port != *port) return true;
    HandshakeRow& row = view.recent.emplace_back();
    row.handshake = each;
    if (each.interface < view.clocks.size()) {
      const PortView& seen = view.clocks[each.interface];
      row.capture_port = seen.name;
      row.timestamp_source = seen.timestamp_source;
      row.timestamp_resolution_ns = seen.timestamp_resolution_ns;
      row.clock_error_ns = seen.clock_error_ns;
    }
    return view.recent.size() < top;
  });
  return view;
}

std::string LiveService::port_name(uint16_t interface) const {
  return process_ && interface < process_->ports.size() ? process_->ports[interface].name : std::string();
}

Result<FlowsView> LiveService::flows(const FlowsWanted& wanted) const {
  const auto names = catalogue_->names();
  std::optional<ApplicationId> application;
  if (wanted.application) {
    const auto found = std::ranges::find(names->names, *wanted.application);
    if (found == names->names.end()) {
      return fail("there is no application '" + *wanted.application + "'" + did_you_mean(*wanted.application, names->names));
    }
    application = static_cast<ApplicationId>(found - names->names.begin());
  }
  std::vector<const KnownFlow*> chosen;
  events_.flows().for_each_recent([&](const KnownFlow& flow) {
    const bool fits = (!application || flow.record.application == *application) &&
                      (!wanted.port || flow.record.server.port == *wanted.port);
    if (fits) chosen.push_back(&flow);
    return wanted.order != FlowOrder::Recent || chosen.size() < wanted.top;
  });
  if (wanted.order != FlowOrder::Recent) {
    const auto rank = [&](const KnownFlow* flow) {
      return wanted.order == FlowOrder::Bytes ? flow->record.total().bytes : flow->record.total().packets;
    };
    const auto end = chosen.begin() + static_cast<ptrdiff_t>(std::min(wanted.top, chosen.size()));
    std::ranges::partial_sort(chosen, end, std::ranges::greater{}, rank);
    chosen.erase(end, chosen.end());
  }
  FlowsView view;
  view.count = events_.flows().size();
  for (const KnownFlow* flow : chosen) {
    view.flows.push_back({.flow = flow->record,
                          .host = flow->host,
                          .names = flow->names,
                          .service = flow->host.empty() ? nullptr : rules_.hosts()->find(flow->host),
                          .application = flow->record.application == kUnknownApplication ? std::string_view()
                                                                                        : names->name(flow->record.application),
                          .category = flow->record.application == kUnknownApplication
                                          ? std::string_view()
                                          : names->category(flow->record.application),
                          .capture_port = port_name(flow->record.interface),
                          .active = flow->active});
  }
  return view;
}

AlertsView LiveService::alerts(size_t top) const {
  const auto names = catalogue_->names();
  const auto& alerts = events_.alerts().alerts();
  AlertsView view{.alerts = {}, .count = events_.alerts().raised(), .forgotten = events_.alerts().forgotten()};
  for (auto at = alerts.rbegin(); at != alerts.rend() && view.alerts.size() < top; ++at) {
    view.alerts.push_back({.row = {.application = names->name(at->flow.application),
                                   .category = names->category(at->flow.application),
                                   .client = at->flow.client,
                                   .server = at->flow.server,
                                   .ip_protocol = at->flow.ip_protocol,
                                   .evidence = at->flow.evidence,
                                   .first_time = at->flow.first_time,
                                   .last_time = at->flow.last_time,
                                   .traffic = at->flow.total(),
                                   .host = {}},
                           .raised = at->raised,
                           .host = at->host});
  }
  return view;
}

void LiveService::with_totals(std::function<void(std::shared_ptr<const LiveTotals>)> use) const {
  const auto totals = std::make_shared<LiveTotals>();
  totals->at = clock_.utc();
  totals->flows = events_.flows().sums();
  totals->handshakes = events_.handshakes().totals().group();
  for (const auto& [interface, by_server_port] : events_.handshakes().by_capture_port()) {
    std::string name = port_name(interface);
    if (name.empty()) name = "port" + std::to_string(interface);
    totals->rtt_by_capture_port.push_back({std::move(name), by_server_port});
  }
  boost::asio::post(pool_, [keeper = totals_, totals, use = std::move(use)] {
    keeper->fill(*totals);
    use(totals);
  });
}

void LiveService::ask(Json command, FileDescriptor passed, std::function<void(tl::expected<Json, Refusal>)> done) {
  if (!connected_) return done(tl::unexpected(Refusal{503, problem_.empty() ? "the data plane is not there yet" : problem_}));
  link->request(std::move(command), std::move(passed), [done = std::move(done)](Result<Json> answer) {
    if (!answer) return done(tl::unexpected(Refusal{502, answer.error().message}));
    done(std::move(*answer));
  });
}

void LiveService::replay(const ReplayWanted& wanted, Done<ReplayView> done) {
  auto file = open_capture(wanted.path, config_.captures, wanted.any_path);
  if (!file) return done(tl::unexpected(Refusal{400, file.error().message}));
  const std::string name = wanted.path.substr(wanted.path.rfind('/') + 1);
  ask({{"command", "replay"}, {"name", name}, {"speed", wanted.speed}}, std::move(*file),
      [this, name, done = std::move(done)](tl::expected<Json, Refusal> answer) {
        if (!answer) return done(tl::unexpected(answer.error()));
        replayed_ = name;
        done(ReplayView{.name = name, .running = true, .packets = 0, .error = {}});
      });
}

void LiveService::capture(CaptureOrder order, std::string name, std::string body, Done<std::string> done) {
  if (!captures_) return done(tl::unexpected(no_captures()));
  captures_->answer(order, std::move(name), std::move(body), std::move(done));
}

void LiveService::open_capture_file(std::string name, std::string file, Done<OpenFile> done) {
  if (!captures_) return done(tl::unexpected(no_captures()));
  captures_->open_file(std::move(name), std::move(file), std::move(done));
}

}  // namespace wirewatch
