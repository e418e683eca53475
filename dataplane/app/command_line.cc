// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/command_line.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "dataplane/app/commands.h"
#include "dataplane/app/config.h"
#include "dataplane/app/control_socket.h"
#include "dataplane/app/data_plane.h"
#include "dataplane/app/privileges.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr int kDone = 0, kUnusable = 2;

int complain(const std::string& what, int status) {
  fmt::print(stderr, "wirewatch-dataplane: {}\n", what);
  return status;
}

struct Arguments {
  std::string config;
  std::string control_socket;
  std::vector<std::string> ports;
  bool check = false;
  bool print = false;
};

Result<DataplaneConfig> configuration(const Arguments& arguments) {
  Result<DataplaneConfig> config = arguments.config.empty() ? DataplaneConfig{} : read_config(arguments.config);
  if (!config) return config;
  if (!arguments.control_socket.empty()) config->control_socket = arguments.control_socket;
  for (const std::string& spec : arguments.ports) {
    if (const auto added = add_port(*config, spec); !added) return fail("--port: " + added.error().message);
  }
  if (const auto completed = complete_config(*config); !completed) return tl::unexpected(completed.error());
  return config;
}

/// Before any thread starts, so that all leave these signals to the main one.
FileDescriptor signals_to_file() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// SIGTERM and SIGINT end it; a terminal that goes away does not.
bool asked_to_end(const FileDescriptor& signals) {
  signalfd_siginfo info{};
  bool end = false;
  while (::read(signals.get(), &info, sizeof info) == sizeof info) end = end || info.ssi_signo != SIGHUP;
  return end;
}

int run_data_plane(DataplaneConfig config) {
  const FileDescriptor signals = signals_to_file();
  if (const auto done = gain_no_privileges(); !done) return complain(done.error().message, kUnusable);
  if (config.ports.empty()) return complain("no port is configured; give --port SPEC or a [[dataplane.port]] in --config", kUnusable);
  const std::string path = config.control_socket;
  auto socket = ControlSocket::listen(path);
  if (!socket) return complain(socket.error().message, kUnusable);
  auto plane = DataPlane::start(std::move(config));
  if (!plane) return complain(plane.error().message, kUnusable);
  for (const std::string& remark : (*plane)->remarks()) fmt::print(stderr, "wirewatch-dataplane: {}\n", remark);
  for (const auto& port : (*plane)->ports()) {
    for (const std::string& remark : port->remarks()) fmt::print(stderr, "wirewatch-dataplane: port '{}': {}\n", port->config().name, remark);
  }
  fmt::print(stderr, "wirewatch-dataplane: running, control socket {}\n", path);

  Commands commands(**plane);
  const auto handle = [&](ControlRequest& request) { return commands.answer(request); };
  constexpr std::chrono::milliseconds kTick{DataPlane::kTick_ns / 1'000'000};
  auto next = std::chrono::steady_clock::now() + kTick;
  while (!asked_to_end(signals) && !commands.shutdown()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    if (left.count() > 0) {
      (*socket)->serve(left, signals.get(), handle);
      if (std::chrono::steady_clock::now() < next) continue;
    }
    (*plane)->tick();
    next = std::chrono::steady_clock::now() + kTick;
  }
  (*plane)->stop();
  return kDone;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("Watches network ports: connections, protocols, destinations. Run 'wirewatch run' to see what it counts.", "wirewatch-dataplane");
  Arguments arguments;
  app.add_option("--config", arguments.config, "Configuration, TOML; its section [dataplane] is read here")->type_name("FILE");
  app.add_option("--port", arguments.ports, "A port beside those of the configuration: dpdk:DEVARGS, afpacket:IFNAME, afxdp:IFNAME, "
                                            "file:PATH[,speed=X|max] or replay; may be repeated")->type_name("SPEC")->expected(1)->take_all();
  const std::string socket_help = "Where control asks (" + default_control_socket() + " unless given)";
  app.add_option("--control-socket", arguments.control_socket, socket_help)->type_name("PATH");
  app.add_flag("--check-config", arguments.check, "Say what is wrong with the configuration, and leave");
  app.add_flag("--print-config", arguments.print, "Print every key with its value and meaning, and leave");
  app.set_version_flag("--version", std::string("wirewatch-dataplane ") + WIREWATCH_VERSION, "Print the version and leave");
  app.footer("Exit status: 0 done, 2 it could not start: wrong arguments or configuration, or a port that cannot be opened.\n\n"
             "The configuration, with what holds unless given:\n\n" + print_config({}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return kDone;
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return kDone;
  } catch (const CLI::ExtrasError&) {
    const auto words = app.remaining();
    const std::string word = words.empty() ? "" : words.front();
    return complain("unknown argument '" + word + "'" + did_you_mean(word, option_names(app)), kUnusable);
  } catch (const CLI::ParseError& error) {
    return complain(error.what(), kUnusable);
  }
  auto config = configuration(arguments);
  if (!config) return complain(config.error().message, kUnusable);
  if (arguments.print) {
    fmt::print("{}", print_config(*config));
    return kDone;
  }
  if (arguments.check) {
    fmt::print("The configuration is right: {} port{}.\n", config->ports.size(), config->ports.size() == 1 ? "" : "s");
    return kDone;
  }
  return run_data_plane(std::move(*config));
}

}  // namespace wirewatch
