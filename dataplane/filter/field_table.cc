// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/field_table.h"

#include <string>
#include <unordered_map>

namespace wirewatch::filter {
namespace {

struct Alias {
  std::string_view old_prefix, new_prefix;
};
constexpr std::array kAliases{Alias{"ssl", "tls"}, Alias{"bootp", "dhcp"}};

std::unordered_map<std::string_view, FieldId> index_of_fields() {
  std::unordered_map<std::string_view, FieldId> index;
  for (size_t i = 0; i < kFields.size(); ++i) index.emplace(kFields[i].name, static_cast<FieldId>(i));
  return index;
}

}  // namespace

std::optional<FieldId> find_field(std::string_view name) {
  static const auto index = index_of_fields();
  if (const auto found = index.find(name); found != index.end()) return found->second;
  for (const auto& [old_prefix, new_prefix] : kAliases) {
    if (!name.starts_with(old_prefix)) continue;
    const std::string_view rest = name.substr(old_prefix.size());
    if (!rest.empty() && rest.front() != '.') continue;
    if (const auto found = index.find(std::string(new_prefix) + std::string(rest)); found != index.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

}  // namespace wirewatch::filter
