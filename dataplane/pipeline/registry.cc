// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/registry.h"

namespace wirewatch {

Registry::Registry(SharedRegion& region) noexcept
    : names_(*reinterpret_cast<SharedNames*>(region.memory_.data() + region.layout_.names)),
      application_rows_(reinterpret_cast<SharedApplication*>(region.memory_.data() + region.layout_.application_names)),
      signature_rows_(reinterpret_cast<SharedSignature*>(region.memory_.data() + region.layout_.signature_names)),
      most_applications_(region.limits().applications),
      most_signatures_(region.limits().signatures) {}

ApplicationId Registry::application(std::string_view name, std::string_view category) {
  if (const auto known = applications_.find(std::string(name)); known != applications_.end()) return known->second;
  if (applications_.size() == most_applications_) {
    ++refused_;
    return kUnknownApplication;
  }
  SharedApplication row{};
  put(row.name, name);
  put(row.category, category);
  const size_t count = applications_.size();
  store_shared(application_rows_[count], row);
  names_.applications.store(count + 1, std::memory_order_release);
  const auto id = static_cast<ApplicationId>(count + 1);
  applications_.emplace(name, id);
  by_category_.emplace(category, id);
  return id;
}

uint16_t Registry::signature(std::string_view id) {
  if (id.empty()) return 0;
  if (const auto known = signatures_.find(std::string(id)); known != signatures_.end()) return known->second;
  if (signatures_.size() == most_signatures_) {
    ++refused_;
    return 0;
  }
  SharedSignature row{};
  put(row.id, id);
  const size_t count = signatures_.size();
  store_shared(signature_rows_[count], row);
  names_.signatures.store(count + 1, std::memory_order_release);
  signatures_.emplace(id, static_cast<uint16_t>(count + 1));
  return static_cast<uint16_t>(count + 1);
}

ApplicationId Registry::find_application(std::string_view name) const {
  const auto known = applications_.find(std::string(name));
  return known == applications_.end() ? kUnknownApplication : known->second;
}

Registry::Applications Registry::applications() const {
  Applications all{std::vector<std::string>(applications_.size()), std::vector<std::string>(applications_.size())};
  for (const auto& [name, id] : applications_) all.names[id - size_t{1}] = name;
  for (const auto& [category, id] : by_category_) all.categories[id - size_t{1}] = category;
  return all;
}

std::vector<ApplicationId> Registry::in_category(std::string_view category) const {
  std::vector<ApplicationId> found;
  const auto [begin, end] = by_category_.equal_range(std::string(category));
  for (auto at = begin; at != end; ++at) found.push_back(at->second);
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace wirewatch
