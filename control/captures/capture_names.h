// SPDX-License-Identifier: BSD-3-Clause
// What the numbers in the data plane's packets mean.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/verdict.h"
#include "dataplane/classify/host_list.h"
#include "dataplane/filter/filter.h"

namespace wirewatch {

struct CaptureNames {
  struct Application {
    std::string name;
    std::string category;
  };
  std::vector<Application> applications;  // by the registry's number; 0 has no name
  std::vector<std::string> ports;         // by index in the shared memory's process block
  std::shared_ptr<const HostList> hosts{};  // tells services; null: none are told

  /// Empty when it has none.
  std::string_view application(ApplicationId id) const noexcept {
    return id < applications.size() ? std::string_view(applications[id].name) : std::string_view();
  }
  std::string_view category(ApplicationId id) const noexcept {
    return id < applications.size() ? std::string_view(applications[id].category) : std::string_view();
  }
  FilterNames for_filters() const {
    FilterNames names;
    for (const Application& each : applications) {
      if (!each.name.empty()) names.applications.push_back(each.name);
    }
    return names;
  }
};

}  // namespace wirewatch
