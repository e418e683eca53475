// SPDX-License-Identifier: BSD-3-Clause
// Strict reading of configuration files. Values are read into variables that already hold their default, and a key that
// nobody asked for is a fault with its line and the nearest known name, so that the list of keys stands nowhere twice.
// Every fault is kept: whoever wrote the file sees all of them at once.
//
//   TomlFaults faults(path);
//   StrictTable port(faults, table, "[[dataplane.port]]");
//   port.read("name", config.name);
//   port.read("queues", config.queues, 1, 64);
//   port.finish();                                      // refuses what was not read
//   if (faults.any()) return tl::unexpected(faults.to_error());
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dataplane/base/nearest_name.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// Reads and parses; the error names the place. Files of more than 1 MiB were not written by hand and are refused.
inline Result<toml::table> parse_toml(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return fail(path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
                std::string(error.description()));
  }
}
inline Result<toml::table> read_toml_file(const std::string& path) {
  constexpr size_t kLargest = size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail("cannot open the configuration file '" + path + "'");
  std::string text(kLargest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) return fail("cannot read the configuration file '" + path + "'");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kLargest) return fail("the configuration file '" + path + "' is larger than 1 MiB");
  return parse_toml(text, path);
}

/// What is wrong with one file, in the order of its lines.
class TomlFaults {
 public:
  explicit TomlFaults(std::string path) : path_(std::move(path)) {}

  void add(const toml::source_region& where, std::string message) {
    faults_.push_back({where.begin.line, where.begin.column, std::move(message)});
  }
  bool any() const { return !faults_.empty(); }
  /// One "FILE:LINE:COLUMN: what" a line.
  Error to_error() const {
    auto sorted = faults_;
    std::ranges::stable_sort(sorted, {}, [](const Fault& fault) { return std::pair(fault.line, fault.column); });
    std::string text;
    for (const Fault& fault : sorted) {
      text += (text.empty() ? "" : "\n") + path_ + ":" + std::to_string(fault.line) + ":" +
              std::to_string(fault.column) + ": " + fault.message;
    }
    return Error{std::move(text)};
  }

 private:
  struct Fault {
    uint32_t line;
    uint32_t column;
    std::string message;
  };
  std::string path_;
  std::vector<Fault> faults_;
};

class StrictTable {
 public:
  /// `what` names the table in faults, as in "[dataplane]". `faults` and `table` outlive this object.
  StrictTable(TomlFaults& faults, const toml::table& table, std::string what)
      : faults_(faults), table_(table), what_(std::move(what)) {}

  // Each leaves `value` as it is when the key is absent or (with a fault) of the wrong kind.
  void read(std::string_view key, std::string& value) {
    if (const toml::node* node = find(key)) take<std::string>(key, *node, "a string", value);
  }
  void read(std::string_view key, bool& value) {
    if (const toml::node* node = find(key)) take<bool>(key, *node, "true or false", value);
  }
  void read(std::string_view key, std::vector<std::string>& value) {
    read_list<std::string>(key, value, "a list of strings");
  }
  template <typename Integer>
  requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  void read(std::string_view key, Integer& value, int64_t least, int64_t most) {
    const toml::node* node = find(key);
    int64_t found = 0;
    if (node == nullptr || !take<int64_t>(key, *node, "an integer", found)) return;
    if (in_range(key, *node, found, least, most)) value = static_cast<Integer>(found);
  }
  template <typename Integer>
  requires(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>)
  void read(std::string_view key, std::vector<Integer>& value, int64_t least, int64_t most) {
    std::vector<int64_t> found;
    if (!read_list<int64_t>(key, found, "a list of integers")) return;
    const toml::node& node = *table_.get(key);
    value.clear();
    for (const int64_t each : found) {
      if (in_range(key, node, each, least, most)) value.push_back(static_cast<Integer>(each));
    }
  }
  /// One of a few words.
  template <typename Value, size_t N>
  void read(std::string_view key, Value& value, const std::array<std::pair<std::string_view, Value>, N>& choices) {
    const toml::node* node = find(key);
    std::string word;
    if (node == nullptr || !take<std::string>(key, *node, "a string", word)) return;
    std::vector<std::string_view> names;
    std::string list;
    for (const auto& [name, meaning] : choices) {
      if (name == word) {
        value = meaning;
        return;
      }
      names.push_back(name);
      list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    }
    complain(key, "'" + std::string(key) + "' must be one of " + list + ", found \"" + word + "\"" +
                      did_you_mean(word, names));
  }

  /// The table under `key`; nullptr when it is absent. Its keys are read with a StrictTable of their own.
  const toml::table* table(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return nullptr;
    if (node->as_table() == nullptr) complain_of_type(key, *node, "a table");
    return node->as_table();
  }
  /// The tables of `[[key]]`; none when the key is absent.
  std::vector<const toml::table*> tables(std::string_view key) {
    std::vector<const toml::table*> all;
    const toml::node* node = find(key);
    if (node == nullptr) return all;
    const toml::array* list = node->as_array();
    if (list == nullptr) complain_of_type(key, *node, "a list of tables, written [[...]]");
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const toml::table* each = list->get(i)->as_table();
      if (each == nullptr) {
        complain_of_type(key, *list->get(i), "a list of tables, written [[...]]");
      } else {
        all.push_back(each);
      }
    }
    return all;
  }

  bool has(std::string_view key) const { return table_.contains(key); }
  /// A key that is somebody else's to read.
  void ignore(std::string_view key) { find(key); }
  /// Faults at a key's value, or at the table when there is no such key.
  void complain(std::string_view key, std::string message) {
    const toml::node* node = table_.get(key);
    faults_.add(node != nullptr ? node->source() : table_.source(), std::move(message));
  }
  void require(std::string_view key) {
    if (!table_.contains(key)) complain(key, what_ + " needs a key '" + std::string(key) + "'");
  }

  /// Refuses every key that was not read.
  void finish() {
    for (const auto& [key, value] : table_) {
      if (std::ranges::find(known_, key.str()) != known_.end()) continue;
      faults_.add(key.source(),
                  "unknown key '" + std::string(key.str()) + "' in " + what_ + did_you_mean(key.str(), known_));
    }
  }

 private:
  const toml::node* find(std::string_view key) {
    known_.emplace_back(key);
    return table_.get(key);
  }
  template <typename T>
  bool take(std::string_view key, const toml::node& node, std::string_view wanted, T& value) {
    if (const auto found = node.value_exact<T>()) {
      value = *found;
      return true;
    }
    complain_of_type(key, node, wanted);
    return false;
  }
  template <typename T>
  bool read_list(std::string_view key, std::vector<T>& value, std::string_view wanted) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    const toml::array* list = node->as_array();
    if (list == nullptr) {
      complain_of_type(key, *node, wanted);
      return false;
    }
    std::vector<T> found;
    for (const toml::node& item : *list) {
      T each{};
      if (!take<T>(key, item, wanted, each)) return false;
      found.push_back(std::move(each));
    }
    value = std::move(found);
    return true;
  }
  bool in_range(std::string_view key, const toml::node& node, int64_t found, int64_t least, int64_t most) {
    if (found >= least && found <= most) return true;
    faults_.add(node.source(), "'" + std::string(key) + "' must be " + std::to_string(least) + " to " +
                                   std::to_string(most) + ", found " + std::to_string(found));
    return false;
  }
  void complain_of_type(std::string_view key, const toml::node& node, std::string_view wanted) {
    std::ostringstream type;
    type << node.type();
    faults_.add(node.source(), "'" + std::string(key) + "' must be " + std::string(wanted) + ", found " + type.str());
  }

  TomlFaults& faults_;
  const toml::table& table_;
  std::string what_;
  std::vector<std::string> known_;  // the keys asked for
};

}  // namespace wirewatch
