// SPDX-License-Identifier: BSD-3-Clause
// Names and categories of applications by their id, wherever the ids come from: the rules of a replay, or the data
// plane's registry. Only views: whoever made them owns the names.
#pragma once

#include <string_view>
#include <vector>

#include "dataplane/classify/rule_set.h"

namespace wirewatch {

struct ApplicationNames {
  std::vector<std::string_view> names;  // index 0 is "unknown"
  std::vector<std::string_view> categories;

  ApplicationNames() = default;
  ApplicationNames(const RuleSet& rules) {  // NOLINT: rules are a catalogue of names
    for (size_t id = 0; id <= rules.application_count(); ++id) {
      names.push_back(rules.application_name(static_cast<ApplicationId>(id)));
      categories.push_back(rules.application_category(static_cast<ApplicationId>(id)));
    }
  }

  std::string_view name(ApplicationId id) const noexcept { return id < names.size() ? names[id] : "unknown"; }
  std::string_view category(ApplicationId id) const noexcept { return id < categories.size() ? categories[id] : ""; }
  size_t count() const noexcept { return names.empty() ? 0 : names.size() - 1; }
};

}  // namespace wirewatch
