// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/options/help_text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

namespace wirewatch {
namespace {

constexpr size_t kWidestHelp = 100;  // longer lines are hard to read
constexpr LabelStyle kNames{18, Style::Strong};

std::string usage(const CLI::App& command) {
  std::string text = "Usage: " + command_name(command);
  if (!command.get_subcommands([](const CLI::App*) { return true; }).empty()) return text + " COMMAND";
  text += " [OPTIONS]";
  for (const CLI::Option* option :
       command.get_options([](const CLI::Option* each) { return each->get_positional(); })) {
    const std::string several = option->get_items_expected_max() > 1 ? "..." : "";
    text += option->get_required() ? " " + option->get_name() + several
                                   : " [" + option->get_name() + several + "]";
  }
  return text;
}

std::string option_label(const CLI::Option& option) {
  std::string label;
  for (const std::string& name : option.get_snames()) label += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) label += "--" + name;
  const std::string value = option.get_type_name();
  return value.empty() ? label : label + " " + value;
}

std::string option_description(const CLI::Option& option) {
  const std::string usual = option.get_default_str();
  return usual.empty() ? option.get_description()
                       : option.get_description() + " (" + usual + " unless given)";
}

void write_title(Page& page, const std::string& title) {
  page.blank();
  page.line(0, {{title, Style::Title}});
}

void write_commands(const CLI::App& command, Page& page) {
  const auto commands = command.get_subcommands([](const CLI::App*) { return true; });
  if (commands.empty()) return;
  write_title(page, "Commands");
  for (const CLI::App* each : commands)
    page.labelled(each->get_name(), each->get_description(), Style::Plain, kNames);
}

void write_arguments(const CLI::App& command, Page& page) {
  const auto arguments = command.get_options([](const CLI::Option* each) { return each->get_positional(); });
  if (arguments.empty()) return;
  write_title(page, "Arguments");
  for (const CLI::Option* each : arguments)
    page.labelled(each->get_name(), each->get_description(), Style::Plain, kNames);
}

void write_options(const CLI::App& command, Page& page) {
  std::vector<std::string> groups = command.get_groups();
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& group) { return group != "Options"; });
  for (const std::string& group : groups) {
    const auto options = command.get_options(
        [&](const CLI::Option* each) { return each->get_group() == group && each->nonpositional(); });
    if (options.empty()) continue;
    write_title(page, group);
    for (const CLI::Option* each : options)
      page.labelled(option_label(*each), option_description(*each), Style::Plain, kNames);
  }
}

}  // namespace

std::string command_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : command_name(*parent) + " " + command.get_name();
}

std::string help_text(const CLI::App& command, const PageStyle& style) {
  PageStyle readable = style;
  readable.width = std::min(style.width, kWidestHelp);
  Page page(readable);
  page.line(0, {{usage(command), Style::Strong}});
  page.blank();
  page.sentence(command.get_description(), Style::Plain, 0);
  write_commands(command, page);
  write_arguments(command, page);
  write_options(command, page);
  return page.take() + "\n" + command.get_footer() + "\n";
}

}  // namespace wirewatch
