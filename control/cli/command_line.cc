// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "control/cli/build_info.h"
#include "control/cli/command.h"
#include "control/cli/filter_command.h"
#include "control/cli/help_text.h"
#include "control/cli/inspect_command.h"
#include "control/cli/live/block_command.h"
#include "control/cli/live/capture_command.h"
#include "control/cli/live/doctor_command.h"
#include "control/cli/live/live_commands.h"
#include "control/cli/live/top_command.h"
#include "control/cli/packets_command.h"
#include "control/cli/rules_command.h"
#include "control/cli/run_command.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr std::array kCommands{
    Command{"inspect", "Report on saved captures: set-up times, protocols, destinations, losses",
            declare_inspect},
    Command{"packets", "List the packets that match a filter, print their fields, or save them", declare_packets},
    Command{"filter", "List the fields of display filters, and check filters", declare_filter},
    Command{"rules", "Check and list the rules that recognise applications", declare_rules},
    Command{"run", "Watch over the live data plane and answer for it: the control daemon", declare_run},
    Command{"status", "Say whether the daemon and its data plane run, and what they lost", declare_status},
    Command{"top", "Show what is going on at this moment, redrawn once a second", declare_top},
    Command{"protocols", "Which protocols run here, since the daemon began to watch", declare_protocols},
    Command{"destinations", "Who talks to which destinations and ports", declare_destinations},
    Command{"handshakes", "How long connections take to set up, over the last minute or hour", declare_handshakes},
    Command{"flows", "The flows there are, the most recent ones first", declare_flows},
    Command{"alerts", "Unwanted traffic: who, whom, when, how much", declare_alerts},
    Command{"capture", "Save packets of live traffic, now or when something happens", declare_capture},
    Command{"block", "Block addresses, connections and applications on inline ports, for a time", declare_block},
    Command{"replay", "Let the data plane replay a capture at its own pace", declare_replay},
    Command{"doctor", "Say what keeps live capture from working here, and what mends it", declare_doctor},
};

/// The command whose arguments are being talked about: the innermost one that was named.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

/// CLI11 says of words it cannot place only that they were not expected.
std::string unexpected_word(const CLI::App& command, const std::vector<std::string>& words) {
  if (words.empty()) return "an argument was not expected";
  const std::string& word = words.front();
  if (word.starts_with('-')) {
    return "unknown option '" + word + "'" +
           did_you_mean(word.substr(0, word.find('=')), option_names(command));
  }
  const auto commands = command_names(command);
  if (commands.empty()) return "unexpected argument '" + word + "'";
  return "unknown command '" + word + "'" + did_you_mean(word, commands);
}

std::string worded(const CLI::ParseError& error, const CLI::App& app, const CLI::App& command) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
    return unexpected_word(command, app.remaining(true));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string message = error.what();  // "--top: 1 required N missing"
    return message.substr(0, message.find(':')) + " needs a value";
  }
  const bool no_command = command.get_require_subcommand_min() > 0 && command.get_subcommands().empty();
  if (!no_command) return error.what();
  const auto words = app.remaining(true);
  if (!words.empty()) return unexpected_word(command, words);
  std::string known;
  for (const std::string& name : command_names(command)) known += (known.empty() ? "" : ", ") + name;
  return "a command is missing (" + known + ")";
}

ExitStatus refuse(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = innermost(app);
  const std::string name = command_name(command);
  say(name + ": " + worded(error, app, command));
  say("Try '" + name + " --help'.");
  return ExitStatus::Unusable;
}

}  // namespace

ExitStatus run_command_line(int argc, const char* const* argv) {
  CLI::App app(
      "Wirewatch looks into network traffic: how long connections take to set up, which protocols run and "
      "which should not, who talks to whom, and how far these numbers can be trusted.",
      "wirewatch");
  app.set_version_flag("--version", "wirewatch " + std::string(kVersion), "Print the version and leave");
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Print this help and leave");  // inherited by every command
  app.footer("'wirewatch COMMAND --help' explains a command.\n\n" + std::string(kExitStatusHelp));

  CommandRun run;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->final_callback([&run, declared = command.declare(*sub)] { run = declared; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(help_text(innermost(app), page_style({})));
  } catch (const CLI::CallForVersion& version) {
    return print(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return refuse(error, app);
  }
  return run();
}

}  // namespace wirewatch
