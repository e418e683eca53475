// SPDX-License-Identifier: BSD-3-Clause
// Typed, strict access to a table of a rule file: every wrong type, unknown key or missing key becomes a
// diagnostic with its place, and reading goes on.
#pragma once

#include <toml++/toml.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/rules/diagnostics.h"

namespace wirewatch {

struct TextInRule {
  std::string text;
  RulePosition at;  // of the value, its opening quote
};

class TomlTable {
 public:
  /// `what` names the table in errors, as in "[[protocol]]". All three outlive this object.
  TomlTable(const std::string& file, const toml::table& table, std::string_view what,
            Diagnostics& diagnostics)
      : file_(file), table_(table), what_(what), diagnostics_(diagnostics) {}

  RulePosition at() const { return position(table_.source()); }
  RulePosition position(const toml::source_region& source) const;

  /// Complains of every key that is not among these.
  void allow_only(std::span<const std::string_view> keys) const;

  std::optional<TextInRule> text(std::string_view key) const;
  std::optional<TextInRule> required_text(std::string_view key) const;
  std::vector<TextInRule> texts(std::string_view key) const;
  std::optional<int64_t> integer(std::string_view key) const;
  /// Port numbers, sorted and without repetition.
  std::vector<uint16_t> ports(std::string_view key) const;
  /// The tables of `[[key]]`; none when the key is absent.
  std::vector<const toml::table*> tables(std::string_view key) const;

  /// The value of `key` among `choices` of {name, value}; nothing when it is absent or (with a complaint) not
  /// one.
  template <typename Value, size_t N>
  std::optional<Value> choice(std::string_view key,
                              const std::array<std::pair<std::string_view, Value>, N>& choices) const {
    const auto found = text(key);
    if (!found) return std::nullopt;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) {
      if (found->text == name) return value;
      names.push_back(name);
    }
    complain_of_choice(key, *found, names);
    return std::nullopt;
  }
  /// Complains when there is no such key.
  void require(std::string_view key) const;

  const toml::table& table() const { return table_; }
  void complain(const RulePosition& at, std::string message) const {
    diagnostics_.add(at, std::move(message));
  }

 private:
  const toml::array* array(std::string_view key) const;
  void complain_of_type(std::string_view key, const toml::node& node, std::string_view wanted) const;
  void complain_of_choice(std::string_view key, const TextInRule& found,
                          const std::vector<std::string_view>& names) const;

  const std::string& file_;
  const toml::table& table_;
  std::string_view what_;
  Diagnostics& diagnostics_;
};

}  // namespace wirewatch
