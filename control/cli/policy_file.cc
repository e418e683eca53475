// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/policy_file.h"

#include <toml++/toml.h>

#include <array>

#include "control/cli/small_file.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr std::array<std::string_view, 1> kKeys{"unwanted"};

std::string at(const std::string& path, const toml::source_region& where) {
  return path + ":" + std::to_string(where.begin.line) + ":" + std::to_string(where.begin.column) + ": ";
}

Result<std::vector<std::string>> names_of(const toml::node& node, const std::string& path) {
  const auto wrong = [&](const toml::node& what) {
    return fail(at(path, what.source()) +
                "'unwanted' takes a list of names, as in unwanted = [\"bittorrent\", \"p2p\"]");
  };
  const toml::array* list = node.as_array();
  if (list == nullptr) return wrong(node);
  std::vector<std::string> names;
  for (const toml::node& item : *list) {
    const auto name = item.value_exact<std::string>();
    if (!name || name->empty()) return wrong(item);
    names.push_back(*name);
  }
  return names;
}

}  // namespace

Result<std::vector<std::string>> parse_policy(std::string_view text, const std::string& path) {
  std::vector<std::string> unwanted;
  try {
    const toml::table table = toml::parse(text, path);
    for (const auto& [key, value] : table) {
      if (key.str() != kKeys[0]) {
        return fail(at(path, key.source()) + "unknown key '" + std::string(key.str()) + "'" +
                    did_you_mean(key.str(), kKeys));
      }
      auto names = names_of(value, path);
      if (!names) return names;
      unwanted = std::move(*names);
    }
  } catch (const toml::parse_error& error) {
    return fail(at(path, error.source()) + std::string(error.description()));
  }
  return unwanted;
}

Result<std::vector<std::string>> read_policy_file(const std::string& path) {
  return read_small_file(path, "policy file").and_then([&](const std::string& text) {
    return parse_policy(text, path);
  });
}

}  // namespace wirewatch
