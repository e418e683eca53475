// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/options/options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace wirewatch {

Option Option::value_name(const char* name) const { return Option(option_->type_name(name)); }
Option Option::group(const char* title) const { return Option(option_->group(title)); }
Option Option::usual(const std::string& value) const { return Option(option_->default_str(value)); }
Option Option::check(ValueCheck check) const { return Option(option_->check(CLI::Validator(std::move(check), ""))); }
Option Option::required() const { return Option(option_->required()); }
Option Option::takes(int least, int most) const { return Option(option_->expected(least, most)); }
Option Option::once_each() const { return Option(option_->allow_extra_args(false)->take_all()); }
Option Option::split_at(char separator) const { return Option(option_->delimiter(separator)); }
Option Option::needs(Option other) const { return Option(option_->needs(other.option_)); }
Option Option::excludes(Option other) const { return Option(option_->excludes(other.option_)); }

Option Options::flag(const char* names, bool& given, const char* description) const {
  return Option(app_->add_flag(names, given, description));
}

template <typename Value>
Option Options::value(const char* names, Value& value, const std::string& description) const {
  return Option(app_->add_option(names, value, description));
}
template Option Options::value(const char*, std::string&, const std::string&) const;
template Option Options::value(const char*, std::vector<std::string>&, const std::string&) const;
template Option Options::value(const char*, std::optional<std::string>&, const std::string&) const;
template Option Options::value(const char*, std::optional<uint16_t>&, const std::string&) const;
template Option Options::value(const char*, std::optional<uint64_t>&, const std::string&) const;
template Option Options::value(const char*, uint64_t&, const std::string&) const;
template Option Options::value(const char*, unsigned&, const std::string&) const;

Options Options::command(const char* name, const char* summary) const { return Options(app_->add_subcommand(name, summary)); }
void Options::needs_a_command() const { app_->require_subcommand(1); }
bool Options::chosen() const { return app_->parsed(); }
void Options::footer(const std::string& text) const { app_->footer(text); }

}  // namespace wirewatch
