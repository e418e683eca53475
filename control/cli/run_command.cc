// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/run_command.h"

#include <filesystem>
#include <memory>

#include "control/cli/rules_location.h"
#include "control/cli/standard_streams.h"
#include "control/daemon/daemon.h"
#include "control/rules/rule_cache.h"

namespace wirewatch {
namespace {

struct RunRequest {
  std::string config;
  std::string api_socket;
  std::string dataplane_socket;
  bool check_only = false;
};

constexpr const char* kDefaultConfig = "/etc/wirewatch/wirewatch.toml";

Result<DaemonConfig> configure(const RunRequest& request) {
  std::error_code ignored;
  std::string path = request.config;
  if (path.empty() && std::filesystem::exists(kDefaultConfig, ignored)) path = kDefaultConfig;
  auto config = path.empty() ? Result<DaemonConfig>(DaemonConfig{}) : read_daemon_config(path);
  if (!config) return config;
  if (!request.api_socket.empty()) config->api_socket = request.api_socket;
  if (!request.dataplane_socket.empty()) config->dataplane_socket = request.dataplane_socket;
  if (auto done = complete_daemon_config(*config); !done) return tl::unexpected(done.error());
  return config;
}

Result<RuleFolders> locate(const DaemonConfig& config) {
  std::vector<std::string> given;
  if (!config.rules.empty()) given.push_back(config.rules);
  auto location = locate_rules(given);
  if (!location) return tl::unexpected(location.error());
  RuleFolders folders{.shipped = location->shipped, .operators = config.operator_rules, .cache = default_rule_cache()};
  if (!config.rule_cache.empty()) folders.cache = config.rule_cache == "none" ? std::string() : config.rule_cache;
  return folders;
}

ExitStatus run(const RunRequest& request) {
  auto config = configure(request);
  if (!config) return complain("run", config.error().message);
  auto rules = locate(*config);
  if (!rules) return complain("run", rules.error().message);
  DaemonOptions options{.config = std::move(*config), .rules = std::move(*rules), .token = {}, .log = say};
  if (!options.config.token_file.empty()) {
    auto token = read_token(options.config.token_file);
    if (!token) return complain("run", token.error().message);
    options.token = std::move(*token);
  }
  if (request.check_only) return ExitStatus::Done;
  auto daemon = Daemon::start(std::move(options));
  if (!daemon) return complain("run", daemon.error().message);
  (*daemon)->run();
  return ExitStatus::Done;
}

}  // namespace

CommandRun declare_run(Options options) {
  const auto request = std::make_shared<RunRequest>();
  options.value("--config", request->config, "Configuration, [control] in it; " + std::string(kDefaultConfig) + " when it exists")
      .value_name("FILE");
  options.value("--api-socket", request->api_socket, "Unix socket to answer on, in place of the configured one").value_name("PATH");
  options.value("--dataplane-socket", request->dataplane_socket, "Socket of the data plane, in place of the configured one")
      .value_name("PATH");
  options.flag("--check-config", request->check_only, "Say what is wrong with the configuration, and leave");
  options.footer(
      "Examples:\n"
      "  wirewatch run                                 attach to a data plane that somebody else starts\n"
      "  wirewatch run --config wirewatch.toml         start the data plane of its [dataplane] section\n"
      "  wirewatch status                              ask it, from another terminal\n\n"
      "SIGTERM ends it, and the data plane with it when it was started here; SIGHUP reads the rules again.\n\n" +
      std::string(kExitStatusHelp));
  return [request] { return run(*request); };
}

}  // namespace wirewatch
