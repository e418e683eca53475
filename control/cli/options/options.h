// SPDX-License-Identifier: BSD-3-Clause
// What a command takes, declared one call each: options, arguments, and the commands below it. CLI11 is behind this door
// and nowhere else: its header alone takes longer to compile than a command does.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wirewatch {

/// Says what was expected when a value is wrong; empty when it is right.
using ValueCheck = std::function<std::string(const std::string& value)>;

/// An option or an argument; a handle, good for as long as the command line is.
class Option {
 public:
  explicit Option(CLI::Option* option) noexcept : option_(option) {}

  /// How help calls the value: "N", "FILE"; empty for an argument, which is called by its own name.
  Option value_name(const char* name) const;
  /// The title it stands under in help.
  Option group(const char* title) const;
  /// What help says holds unless it is given.
  Option usual(const std::string& value) const;
  Option check(ValueCheck check) const;
  Option required() const;
  /// So many values, one behind the other.
  Option takes(int least, int most) const;
  /// It may be given again, and takes one value each time.
  Option once_each() const;
  /// Splits a value where this character is.
  Option split_at(char separator) const;
  Option needs(Option other) const;
  Option excludes(Option other) const;

 private:
  CLI::Option* option_;
};

/// What one command takes; a handle like Option.
class Options {
 public:
  explicit Options(CLI::App* app) noexcept : app_(app) {}

  /// "-x,--hex": true once it is given.
  Option flag(const char* names, bool& given, const char* description) const;
  /// "-c,--limit", or "FILE" for an argument without a dash. `Value` is one of those that options.cc lists.
  template <typename Value>
  Option value(const char* names, Value& value, const std::string& description) const;

  /// A command below this one.
  Options command(const char* name, const char* summary) const;
  /// One of those below it has to be named.
  void needs_a_command() const;
  /// Whether this one was named; known when the run begins.
  bool chosen() const;
  /// What help says at its end.
  void footer(const std::string& text) const;

 private:
  CLI::App* app_;
};

}  // namespace wirewatch
