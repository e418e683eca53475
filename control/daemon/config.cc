// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "control/client/quantities.h"
#include "dataplane/base/strict_toml.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, DataplaneMode>, 3> kModes{
    {{"auto", DataplaneMode::Auto}, {"attach", DataplaneMode::Attach}, {"start", DataplaneMode::Start}}};

void read_size(StrictTable& table, std::string_view key, uint64_t& bytes) {
  std::string text;
  table.read(key, text);
  if (text.empty()) return;
  if (const auto size = parse_size(text)) {
    bytes = *size;
  } else {
    table.complain(key, "'" + std::string(key) + "': " + size.error().message);
  }
}

void read_keys(StrictTable& table, DaemonConfig& config) {
  table.read("api_socket", config.api_socket);
  table.read("dataplane_socket", config.dataplane_socket);
  table.read("listen", config.listen);
  table.read("token_file", config.token_file);
  table.read("rules", config.rules);
  table.read("operator_rules", config.operator_rules);
  table.read("rule_cache", config.rule_cache);
  table.read("watch_rules", config.watch_rules);
  table.read("unwanted", config.unwanted);
  table.read("captures", config.captures);
  table.read("capture_directory", config.capture_directory);
  read_size(table, "capture_quota", config.capture_quota);
  table.read("most_captures", config.most_captures, 1, 16);
  table.read("dataplane", config.dataplane, kModes);
  table.read("dataplane_program", config.dataplane_program);
  table.read("dataplane_arguments", config.dataplane_arguments);
  table.read("most_flows", config.most_flows, 100, 10'000'000);
  table.read("most_handshakes", config.most_handshakes, 10, 10'000'000);
  table.read("most_alerts", config.most_alerts, 10, 10'000'000);
  table.read("most_servers", config.most_servers, 1, 100'000);
  table.read("most_ports", config.most_ports, 1, 65'536);
  table.read("metric_ports", config.metric_ports, 1, 1'000);
  table.read("most_connections", config.most_connections, 2, 10'000);
  table.read("tick_ms", config.tick_ms, 5, 1'000);
  if (config.listen.empty()) return;
  if (const auto address = ListenAddress::parse(config.listen)) {
    config.listen_address = *address;
  } else {
    table.complain("listen", "'listen': " + address.error().message);
  }
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// Where the state of a program belongs (systemd.exec(5), XDG Base Directory); empty when nobody says.
std::string state_folder() {
  const std::string given = variable("STATE_DIRECTORY");
  if (given.starts_with('/')) return given.substr(0, given.find(':'));
  if (const std::string state = variable("XDG_STATE_HOME"); state.starts_with('/')) return state + "/wirewatch";
  if (::geteuid() == 0) return "/var/lib/wirewatch";
  const std::string home = variable("HOME");
  return home.starts_with('/') ? home + "/.local/state/wirewatch" : std::string();
}

}  // namespace

std::string runtime_path(const std::string& name) {
  const std::string folder = variable("XDG_RUNTIME_DIR");
  return (folder.starts_with('/') ? folder : std::string("/run")) + "/wirewatch/" + name;
}

Result<DaemonConfig> parse_daemon_config(std::string_view text, const std::string& path) {
  const auto parsed = parse_toml(text, path);
  if (!parsed) return tl::unexpected(parsed.error());
  DaemonConfig config;
  config.path = path;
  TomlFaults faults(path);
  StrictTable whole(faults, *parsed, "the configuration");
  if (const toml::table* const dataplane = whole.table("dataplane")) {
    // The data plane checks its own section; this much both need to know.
    config.dataplane_socket = dataplane->get("control_socket") != nullptr
                                  ? dataplane->get("control_socket")->value_or(std::string())
                                  : std::string();
    config.dataplane = DataplaneMode::Start;
  }
  if (const toml::table* const control = whole.table("control")) {
    StrictTable table(faults, *control, "[control]");
    read_keys(table, config);
    table.finish();
  }
  whole.finish();
  if (faults.any()) return tl::unexpected(faults.to_error());
  if (config.dataplane == DataplaneMode::Auto && !parsed->contains("dataplane")) config.dataplane = DataplaneMode::Attach;
  if (config.dataplane == DataplaneMode::Auto) config.dataplane = DataplaneMode::Start;
  return config;
}

Result<DaemonConfig> read_daemon_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail("cannot open the configuration file '" + path + "'");
  constexpr size_t kLargest = size_t{1} << 20;
  std::string text(kLargest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (text.size() > kLargest) return fail("the configuration file '" + path + "' is larger than 1 MiB");
  return parse_daemon_config(text, path);
}

Result<void> complete_daemon_config(DaemonConfig& config) {
  if (config.api_socket.empty()) config.api_socket = runtime_path("api.sock");
  if (config.dataplane_socket.empty()) config.dataplane_socket = runtime_path("dataplane.sock");
  if (config.dataplane == DataplaneMode::Auto) config.dataplane = DataplaneMode::Attach;
  if (config.capture_directory.empty() && !state_folder().empty()) config.capture_directory = state_folder() + "/captures";
  if (const std::string folder = variable("CREDENTIALS_DIRECTORY"); config.token_file.empty() && !folder.empty()) {
    std::error_code ignored;
    if (fs::exists(folder + "/token", ignored)) config.token_file = folder + "/token";
  }
  if (config.listen_address && !config.listen_address->loopback && config.token_file.empty()) {
    return fail("'listen' is \"" + config.listen +
                "\", which others can reach: it needs a token_file in [control], or an address of this machine alone");
  }
  if (config.dataplane_program.empty()) {
    std::error_code why;
    const fs::path beside = fs::read_symlink("/proc/self/exe", why).parent_path() / "wirewatch-dataplane";
    config.dataplane_program = !why && fs::exists(beside, why) ? beside.string() : "wirewatch-dataplane";
  }
  return {};
}

}  // namespace wirewatch
