// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dataplane/app/block_request.h"
#include "dataplane/app/tap_request.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

using nlohmann::json;

constexpr int kProtocolVersion = 1;

template <typename T>
T value_or(const json& request, const char* key, const T& otherwise) {
  const auto found = request.find(key);
  return found == request.end() || found->is_null() ? otherwise : found->get<T>();
}

ControlAnswer text_of(const json& answer, int file = -1) {
  return {answer.dump(-1, ' ', false, json::error_handler_t::replace), file};
}
ControlAnswer refused(const std::string& why) { return text_of({{"ok", false}, {"error", why}}); }
ControlAnswer done(const Result<void>& result, json answer = json::object()) {
  if (!result) return refused(result.error().message);
  answer["ok"] = true;
  return text_of(answer);
}

ControlAnswer hello(DataPlane& plane, ControlRequest&, const json& request) {
  const int version = value_or(request, "version", kProtocolVersion);
  if (version != kProtocolVersion) return refused("this data plane speaks version 1, not " + std::to_string(version));
  return text_of({{"ok", true}, {"version", kProtocolVersion}, {"pid", ::getpid()}, {"generation", plane.generation()},
                  {"rules_sha256", plane.rules().sha256()}},
                 plane.shared_fd());
}

json json_of(const PortState& state, const Port& port) {
  json losses = json::object();
  for (const auto& [name, value] : state.losses) losses[name] = value;
  json stamps{{"source", to_string(state.timestamps.source)}, {"resolution_ns", state.timestamps.resolution_ns}};
  if (state.timestamps.error_ns != TimestampProperties::kUnknownError) stamps["error_ns"] = state.timestamps.error_ns;
  return {{"name", state.name},
          {"source", port.config().source},
          {"workers", port.config().workers},
          {"link_up", state.link_up},
          {"received", {{"packets", state.received.packets}, {"bytes", state.received.bytes}}},
          {"forwarded_packets", state.forwarded_packets},
          {"dropped_packets", state.dropped_packets},
          {"timestamps", stamps},
          {"clock", state.clock_state},
          {"losses", losses},
          {"remarks", port.remarks()}};
}

ControlAnswer status(DataPlane& plane, ControlRequest&, const json&) {
  const ProcessState& state = plane.state();
  json ports = json::array(), workers = json::array();
  for (size_t i = 0; i < state.ports.size() && i < plane.ports().size(); ++i) ports.push_back(json_of(state.ports[i], *plane.ports()[i]));
  for (const auto& worker : plane.workers()) {
    json row{{"number", worker->plan().number}, {"port", worker->plan().port->config().name}};
    if (worker->plan().lcore) row["lcore"] = *worker->plan().lcore;
    workers.push_back(std::move(row));
  }
  return text_of({{"ok", true},
                  {"state", state.state},
                  {"uptime_ns", plane.now_ns() - plane.started_ns()},
                  {"idle_share", state.idle_share},
                  {"clock", {{"state", plane.clock().describe()}, {"error_ns", plane.clock().error_ns()}}},
                  {"rules", {{"sha256", plane.rules().sha256()}, {"generation", plane.rules().generation()}}},
                  {"replay", {{"name", state.replay}, {"packets", state.replay_packets}}},
                  {"ports", ports},
                  {"workers", workers}});
}

ControlAnswer load_rules(DataPlane& plane, ControlRequest& request, const json&) {
  if (!request.file) return refused("load-rules needs the rules as a sealed memory file beside the request");
  const auto loaded = plane.load_rules(request.file.get());
  return done(loaded, {{"rules_sha256", plane.rules().sha256()}, {"rules_generation", plane.rules().generation()}});
}

ControlAnswer replay(DataPlane& plane, ControlRequest& request, const json& arguments) {
  if (!request.file) return refused("replay needs the capture as an open file beside the request");
  struct stat status {};
  if (::fstat(request.file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return refused("only plain files can be replayed");
  const double speed = value_or(arguments, "speed", 1.0);
  if (!std::isfinite(speed) || speed < 0) return refused("the speed must be 0 (as fast as it goes) or more");
  const std::string name = value_or(arguments, "name", std::string("capture"));
  const std::string path = "/proc/self/fd/" + std::to_string(request.file.get());
  return done(plane.replay(value_or(arguments, "port", std::string()), path, speed, name), {{"replaying", name}});
}

/// {"not_on": [{"port": ..., "why": ...}]}, or nothing when all of them can.
json ports_that_cannot_block(const DataPlane& plane) {
  json ports = json::array();
  for (const auto& port : plane.ports()) {
    if (const std::string why = port->why_not_blocking(); !why.empty()) ports.push_back({{"port", port->config().name}, {"why", why}});
  }
  return ports.empty() ? json::object() : json{{"not_on", ports}};
}

/// What a request means, in the one form that a list of it has: who asked can remember it and ask again.
json meaning_of(const BlockRequest& request, const DataPlane& plane) {
  BlockTable alone;
  static_cast<void>(request.add_to(alone, Timestamp{plane.now_ns() + BlockKeeper::kUsually_ns}));
  return json_of(alone);
}

/// Many at once, as whoever remembers them offers them again: one that cannot be taken is no reason to leave out the others.
ControlAnswer block_all(DataPlane& plane, const json& rows) {
  std::vector<BlockRequest> requests;
  for (const json& row : rows) {
    auto request = read_block_request(row);
    if (!request) return refused("of those in \"all\", number " + std::to_string(requests.size()) + ": " + request.error().message);
    requests.push_back(std::move(*request));
  }
  const auto faults = plane.block(requests);
  if (!faults) return refused(faults.error().message);
  json not_taken = json::array();
  for (size_t i = 0; i < faults->size(); ++i) {
    if (!(*faults)[i].empty()) not_taken.push_back({{"number", i}, {"why", (*faults)[i]}});
  }
  return text_of({{"ok", true}, {"not_taken", not_taken}});
}

ControlAnswer block(DataPlane& plane, ControlRequest&, const json& arguments) {
  if (const auto all = arguments.find("all"); all != arguments.end() && all->is_array()) return block_all(plane, *all);
  const auto request = read_block_request(arguments);
  if (!request) return refused(request.error().message);
  json answer = ports_that_cannot_block(plane);
  answer["meant"] = meaning_of(*request, plane);
  return done(plane.block(*request), std::move(answer));
}

ControlAnswer unblock(DataPlane& plane, ControlRequest&, const json& arguments) {
  const auto request = read_block_request(arguments);
  if (!request) return refused(request.error().message);
  return done(plane.unblock(*request), {{"meant", meaning_of(*request, plane)}});
}

ControlAnswer blocked(DataPlane& plane, ControlRequest&, const json&) {
  json answer = json_of(plane.blocks());
  answer.update(ports_that_cannot_block(plane));
  answer["ok"] = true;
  ControlAnswer text = text_of(answer);
  if (text.text.size() <= kLargestMessage) return text;
  return text_of({{"ok", true}, {"cut", true}, {"prefixes", plane.blocks().prefixes().size()}, {"flows", plane.blocks().flows().size()},
                  {"names", plane.blocks().names().size()}});
}

ControlAnswer clock(DataPlane& plane, ControlRequest&, const json& arguments) {
  if (!arguments.contains("use_hardware")) return refused("clock needs \"use_hardware\": true or false");
  return done(plane.use_hardware_clock(value_or(arguments, "port", std::string()), arguments.at("use_hardware").get<bool>()));
}

ControlAnswer taps(DataPlane& plane, ControlRequest&, const json& arguments) {
  const auto set = read_tap_request(arguments).and_then([&](const TapRequest& request) { return plane.set_taps(request); });
  if (set) return text_of({{"ok", true}, {"set", arguments.at("set")}}, plane.packets_fd());
  json answer{{"ok", false}, {"error", set.error().message}};
  if (set.error().slot) answer["slot"] = *set.error().slot;
  return text_of(answer);
}

struct Command {
  std::string_view name;
  ControlAnswer (*run)(DataPlane&, ControlRequest&, const json&);
};
constexpr std::array kCommands{Command{"hello", hello},     Command{"status", status}, Command{"load-rules", load_rules},
                               Command{"replay", replay},   Command{"block", block},   Command{"unblock", unblock},
                               Command{"blocked", blocked}, Command{"clock", clock},   Command{"taps", taps}};
constexpr std::string_view kShutdown = "shutdown";

}  // namespace

ControlAnswer Commands::answer(ControlRequest& request) try {
  const json arguments = json::parse(request.text, nullptr, false);
  if (!arguments.is_object() || !arguments.contains("command") || !arguments["command"].is_string()) {
    return refused("a request is a JSON object with a \"command\"");
  }
  const std::string name = arguments["command"];
  if (name == kShutdown) {
    shutdown_ = true;
    return done({});
  }
  for (const Command& command : kCommands) {
    if (command.name == name) return command.run(plane_, request, arguments);
  }
  std::vector<std::string_view> names{kShutdown};
  for (const Command& command : kCommands) names.push_back(command.name);
  return refused("unknown command '" + name.substr(0, 64) + "'" + did_you_mean(name, names));
} catch (const json::exception&) {
  return refused("an argument of the request has the wrong type");
}

}  // namespace wirewatch
