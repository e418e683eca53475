// SPDX-License-Identifier: BSD-3-Clause
// toml++ keeps the source region of every key and value; here it becomes a RulePosition.
#include "control/rules/toml_table.h"

#include <algorithm>
#include <sstream>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

std::string type_name(const toml::node& node) {
  std::ostringstream name;
  name << node.type();
  return name.str();
}

}  // namespace

RulePosition TomlTable::position(const toml::source_region& source) const {
  return {file_, source.begin.line, source.begin.column};
}

void TomlTable::allow_only(std::span<const std::string_view> keys) const {
  for (const auto& [key, value] : table_) {
    if (std::ranges::find(keys, key.str()) != keys.end()) continue;
    complain(position(key.source()), "unknown key '" + std::string(key.str()) + "' in " + std::string(what_) +
                                         did_you_mean(key.str(), keys));
  }
}

std::optional<TextInRule> TomlTable::text(std::string_view key) const {
  const toml::node* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const value = node->as_string()) return TextInRule{value->get(), position(node->source())};
  complain_of_type(key, *node, "a string");
  return std::nullopt;
}

void TomlTable::require(std::string_view key) const {
  if (!table_.contains(key)) complain(at(), std::string(what_) + " needs a key '" + std::string(key) + "'");
}

std::optional<TextInRule> TomlTable::required_text(std::string_view key) const {
  require(key);
  return text(key);
}

std::vector<TextInRule> TomlTable::texts(std::string_view key) const {
  std::vector<TextInRule> all;
  const toml::array* const values = array(key);
  if (values == nullptr) return all;
  for (const toml::node& node : *values) {
    if (const auto* const value = node.as_string()) {
      all.push_back({value->get(), position(node.source())});
    } else {
      complain_of_type(key, node, "an array of strings");
    }
  }
  return all;
}

std::optional<int64_t> TomlTable::integer(std::string_view key) const {
  const toml::node* const node = table_.get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const value = node->as_integer()) return value->get();
  complain_of_type(key, *node, "an integer");
  return std::nullopt;
}

std::vector<uint16_t> TomlTable::ports(std::string_view key) const {
  std::vector<uint16_t> all;
  const toml::array* const values = array(key);
  if (values == nullptr) return all;
  for (const toml::node& node : *values) {
    const auto* const value = node.as_integer();
    if (value == nullptr) {
      complain_of_type(key, node, "an array of integers");
    } else if (value->get() < 1 || value->get() > 65535) {
      complain(position(node.source()), "port " + std::to_string(value->get()) + " is not in 1 to 65535");
    } else {
      all.push_back(static_cast<uint16_t>(value->get()));
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::vector<const toml::table*> TomlTable::tables(std::string_view key) const {
  std::vector<const toml::table*> all;
  const toml::array* const values = array(key);
  if (values == nullptr) return all;
  for (const toml::node& node : *values) {
    if (const auto* const table = node.as_table()) {
      all.push_back(table);
    } else {
      complain_of_type(key, node, "an array of tables");
    }
  }
  return all;
}

const toml::array* TomlTable::array(std::string_view key) const {
  const toml::node* const node = table_.get(key);
  if (node == nullptr) return nullptr;
  if (node->as_array() == nullptr) complain_of_type(key, *node, "an array");
  return node->as_array();
}

void TomlTable::complain_of_type(std::string_view key, const toml::node& node,
                                 std::string_view wanted) const {
  complain(position(node.source()),
           "'" + std::string(key) + "' must be " + std::string(wanted) + ", found " + type_name(node));
}

void TomlTable::complain_of_choice(std::string_view key, const TextInRule& found,
                                   const std::vector<std::string_view>& names) const {
  std::string list;
  for (const auto name : names) list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  complain(found.at, "'" + std::string(key) + "' must be one of " + list + ", found \"" + found.text + "\"" +
                         did_you_mean(found.text, names));
}

}  // namespace wirewatch
