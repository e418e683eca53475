// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/name_catalogue.h"

namespace wirewatch {

std::vector<ApplicationId> NameCatalogue::ids_of(const SharedState& region) {
  const size_t count = region.application_count();
  std::vector<ApplicationId> ids{kUnknownApplication};
  ids.reserve(count + 1);
  const std::lock_guard lock(mutex_);
  for (size_t id = 1; id <= count; ++id) {
    const auto at = static_cast<ApplicationId>(id);
    ids.push_back(find_or_add(region.application_name(at), region.application_category(at)));
  }
  return ids;
}

std::shared_ptr<const ApplicationNames> NameCatalogue::names() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

ApplicationId NameCatalogue::id_of(std::string name, std::string category) {
  const std::lock_guard lock(mutex_);
  return find_or_add(std::move(name), std::move(category));
}

ApplicationId NameCatalogue::find_or_add(std::string name, std::string category) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  const size_t id = by_name_.size() + 1;
  if (id > kMost) return kUnknownApplication;
  storage_.push_back(std::move(category));
  const std::string_view category_kept = storage_.back();
  storage_.push_back(name);
  by_name_.emplace(std::move(name), static_cast<ApplicationId>(id));
  // Whoever holds the old list keeps it; names are new to it seldom enough.
  auto names = std::make_shared<ApplicationNames>(*names_);
  if (names->names.empty()) {
    names->names.emplace_back("unknown");
    names->categories.emplace_back();
  }
  names->names.push_back(storage_.back());
  names->categories.push_back(category_kept);
  names_ = std::move(names);
  return static_cast<ApplicationId>(id);
}

}  // namespace wirewatch
