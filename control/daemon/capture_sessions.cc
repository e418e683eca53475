// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/capture_sessions.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "control/api/version.h"
#include "control/captures/capture_json.h"
#include "control/report/human.h"
#include "dataplane/source/port_counters.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

std::string text_of(const nlohmann::ordered_json& json) { return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace); }

uint64_t losses_of(const ProcessState& process) {
  uint64_t sum = 0;
  for (const PortState& port : process.ports) {
    for (const auto& [name, count] : port.losses) sum += is_loss(name) ? count : 0;
  }
  return sum;
}

using Measured = std::vector<std::pair<TriggerSpec::Rtt, std::optional<int64_t>>>;

/// The percentiles that triggers look at, in nanoseconds.
Measured measure(const std::vector<TriggerSpec::Rtt>& limits, HandshakeWindows& windows, int64_t steady_ns) {
  Measured measured;
  for (const TriggerSpec::Rtt& limit : limits) {
    const auto* const window = std::ranges::find(kHistoryWindows, limit.window, &HistoryWindowInfo::name);
    if (window == kHistoryWindows.end()) continue;
    measured.emplace_back(limit, windows.percentile_ns(window->window, limit.percentile, limit.port, steady_ns));
  }
  return measured;
}

}  // namespace

CaptureSessions::CaptureSessions(boost::asio::io_context& io, const DaemonConfig& config, std::function<DataplaneLink*()> link, Log log)
    : io_(io),
      config_(config),
      link_(std::move(link)),
      sessions_({.directory = config.capture_directory,
                 .quota_bytes = config.capture_quota,
                 .most_sessions = config.most_captures,
                 .now = {},
                 .origin = {.application = "Wirewatch " + std::string(kApiVersion), .system = {}, .comment = {}},
                 .log = [&io, log = std::move(log)](const std::string& line) { boost::asio::post(io, [log, line] { log(line); }); }},
                [this](Json command) {
                  boost::asio::post(io_, [this, command = std::move(command)]() mutable { send(std::move(command)); });
                }) {}

CaptureSessions::~CaptureSessions() { disk_.join(); }

template <typename Task>
void CaptureSessions::in_turn(Task task) {
  boost::asio::post(disk_, std::move(task));
}

void CaptureSessions::send(Json command) {
  DataplaneLink* const link = link_();
  link->request(std::move(command), {}, [this, link](const Result<Json>& answered) {
    // Of an answer that never came there is only the reason.
    Json answer = answered ? *answered : link->answer();
    if (!answer.is_object()) answer = {{"ok", false}, {"error", answered.error().message}};
    in_turn([this, answer = std::move(answer), region = link->take_passed()]() mutable { sessions_.taps_answered(answer, std::move(region)); });
  });
}

void CaptureSessions::connected(const SharedState& region, const std::shared_ptr<const HostList>& hosts) {
  names_ = {};
  refresh_names(region, hosts);
  in_turn([this] { sessions_.dataplane_connected(); });
}

void CaptureSessions::lost(const std::string& reason) {
  in_turn([this, reason] { sessions_.dataplane_lost(reason); });
}

void CaptureSessions::refresh_names(const SharedState& region, const std::shared_ptr<const HostList>& hosts) {
  const size_t count = region.application_count();
  if (names_.applications.size() == count + 1 && names_.hosts == hosts) return;
  names_.hosts = hosts;
  names_.applications.assign(1, {});  // 0 is no application
  for (size_t id = 1; id <= count; ++id) {
    const auto at = static_cast<ApplicationId>(id);
    names_.applications.push_back({region.application_name(at), region.application_category(at)});
  }
  in_turn([this, names = names_] { sessions_.set_names(names); });
}

void CaptureSessions::look(const ProcessState* process, EventCollector& events, int64_t steady_ns) {
  TriggerFacts facts;
  if (process != nullptr) {
    facts.losses = losses_of(*process);
    std::vector<std::string> ports;
    for (const PortState& port : process->ports) ports.push_back(port.name);
    if (ports != names_.ports) {
      names_.ports = std::move(ports);
      in_turn([this, names = names_] { sessions_.set_names(names); });
    }
  }
  learn_triggers(events);
  const auto& alerts = events.alerts().alerts();
  const uint64_t raised = events.alerts().raised();
  const auto fresh = static_cast<size_t>(std::min<uint64_t>(raised - alerts_seen_, alerts.size()));
  for (auto alert = alerts.end() - static_cast<ptrdiff_t>(fresh); alert != alerts.end(); ++alert) {
    facts.alerts.push_back({.application = std::string(events.names().name(alert->flow.application)),
                            .category = std::string(events.names().category(alert->flow.application)),
                            .client = human_endpoint(alert->flow.client),
                            .server = human_endpoint(alert->flow.server)});
  }
  alerts_seen_ = raised;
  facts.rtt = [measured = measure(limits_, events.handshakes().windows(), steady_ns)](std::string_view window, double percentile,
                                                                                      std::optional<uint16_t> port) {
    for (const auto& [limit, ns] : measured) {
      if (limit.window == window && limit.percentile == percentile && limit.port == port) return ns;
    }
    return std::optional<int64_t>();
  };
  in_turn([this, facts = std::move(facts)] { sessions_.look(facts); });
}

void CaptureSessions::learn_triggers(EventCollector& events) {
  const uint64_t running = sessions_.totals().sessions_running;
  if (running == running_ && !sessions_changed_.exchange(false)) return;
  running_ = running;
  limits_.clear();
  // What a session waits for is unwanted as long as it does, whether the configuration says so or not.
  std::vector<std::string> unwanted = config_.unwanted;
  for (const CaptureView& view : sessions_.list()) {
    if (view.state == CaptureState::Stopped || !view.spec.trigger) continue;
    const TriggerSpec& trigger = *view.spec.trigger;
    unwanted.insert(unwanted.end(), trigger.unwanted.begin(), trigger.unwanted.end());
    if (trigger.kind == TriggerSpec::Kind::Rtt) limits_.push_back(trigger.rtt);
  }
  events.set_unwanted(std::move(unwanted));
}

void CaptureSessions::answer(CaptureOrder order, std::string name, std::string body, Done<std::string> done) {
  in_turn([this, order, name = std::move(name), body = std::move(body), done = std::move(done)] { done(carry_out(order, name, body)); });
}

tl::expected<std::string, Refusal> CaptureSessions::carry_out(CaptureOrder order, const std::string& name, const std::string& body) {
  const auto conflict = [](const Error& error) { return tl::unexpected(Refusal{409, error.message}); };
  const auto one = [](const CaptureView& view) { return "\"capture\":" + text_of(to_json(view)); };
  if (order == CaptureOrder::List) {
    std::string members = "\"captures\":[";
    for (const CaptureView& view : sessions_.list()) members += (members.back() == '[' ? "\n" : ",\n") + text_of(to_json(view));
    const CaptureManager::Totals totals = sessions_.totals();
    const nlohmann::ordered_json disk{{"bytes", totals.bytes_on_disk}, {"quota_bytes", totals.quota_bytes}};
    return members + "],\n\"disk\":" + text_of(disk);
  }
  if (order == CaptureOrder::Start) {
    const auto spec = sessions_.read_spec(body);
    if (!spec) return tl::unexpected(Refusal{400, spec.error().message});
    const auto view = sessions_.start(*spec);
    if (!view) return conflict(view.error());
    sessions_changed_ = true;
    return one(*view);
  }
  const auto known = sessions_.show(name);
  if (!known) return tl::unexpected(Refusal{404, known.error().message});
  if (order == CaptureOrder::Show) return one(*known);
  if (order == CaptureOrder::Stop) {
    const auto view = sessions_.stop(name);
    if (!view) return conflict(view.error());
    return one(*view);
  }
  if (auto done = sessions_.erase(name); !done) return conflict(done.error());
  return "\"deleted\":" + Json(name).dump();
}

void CaptureSessions::open_file(std::string name, std::string file, Done<OpenFile> done) {
  in_turn([this, name = std::move(name), file = std::move(file), done = std::move(done)] { done(open(name, file)); });
}

tl::expected<OpenFile, Refusal> CaptureSessions::open(const std::string& name, const std::string& file) const {
  const auto path = sessions_.file_path(name, file);
  if (!path) return tl::unexpected(Refusal{404, path.error().message});
  // Whoever may write in the folder could have put a link or a pipe in the file's place.
  FileDescriptor descriptor(::open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!descriptor) return tl::unexpected(Refusal{404, "cannot open '" + file + "': " + std::strerror(errno)});
  struct stat info {};
  if (::fstat(descriptor.get(), &info) != 0 || !S_ISREG(info.st_mode)) return tl::unexpected(Refusal{404, "'" + file + "' is no regular file"});
  return OpenFile{std::move(descriptor), static_cast<uint64_t>(info.st_size)};
}

CaptureTotalsView CaptureSessions::totals() const {
  const CaptureManager::Totals totals = sessions_.totals();
  const CaptureCounts& counts = totals.counts;
  return {.running = totals.sessions_running,
          .disk_bytes = totals.bytes_on_disk,
          .quota_bytes = totals.quota_bytes,
          .written_bytes = counts.written_bytes,
          .packets = {{"matched", counts.matched},
                      {"ring_full", counts.ring_full},
                      {"received", counts.received},
                      {"not_matching", counts.not_matching},
                      {"forgotten", counts.forgotten},
                      {"after_limit", counts.after_limit},
                      {"write_failed", counts.write_failed},
                      {"written", counts.written}},
          .waiting = {{"ring", counts.in_ring}, {"memory", counts.in_memory}},
          .damaged_records = totals.damaged_records,
          .unclaimed = totals.unclaimed};
}

}  // namespace wirewatch
