// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/options/arguments.h"

#include <CLI/CLI.hpp>

#include "control/cli/options/help_text.h"
#include "control/cli/options/options.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

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

std::vector<std::string> faults_of(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = innermost(app);
  const std::string name = command_name(command);
  return {name + ": " + worded(error, app, command), "Try '" + name + " --help'."};
}

}  // namespace

Arguments::Arguments(const ProgramWords& program, std::span<const Command> commands)
    : app_(std::make_unique<CLI::App>(program.summary, program.name)) {
  app_->set_version_flag("--version", program.version, "Print the version and leave");
  app_->require_subcommand(1);
  app_->set_help_flag("-h,--help", "Print this help and leave");  // inherited by every command
  app_->footer(program.footer);
  for (const Command& command : commands) {
    CLI::App* const sub = app_->add_subcommand(std::string(command.name), std::string(command.summary));
    sub->final_callback([this, declared = command.declare(Options(sub))] { run_ = declared; });
  }
}
Arguments::~Arguments() = default;

Asked Arguments::parse(int argc, const char* const* argv, const PageStyle& style) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {.run = {}, .text = help_text(innermost(*app_), style), .faults = {}};
  } catch (const CLI::CallForVersion& version) {
    return {.run = {}, .text = std::string(version.what()) + "\n", .faults = {}};
  } catch (const CLI::ParseError& error) {
    return {.run = {}, .text = {}, .faults = faults_of(error, *app_)};
  }
  return {.run = run_, .text = {}, .faults = {}};
}

}  // namespace wirewatch
