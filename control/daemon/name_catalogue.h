// SPDX-License-Identifier: BSD-3-Clause
// Applications under ids of our own, which outlive a data plane: its registry begins anew with every run. While there has
// been only one run, both number alike. For any thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/aggregate/application_names.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

class NameCatalogue {
 public:
  static constexpr size_t kMost = 16'384;

  /// Our id by the region's, for every name it has at the moment. Names beyond the bound are unknown.
  std::vector<ApplicationId> ids_of(const SharedState& region);
  ApplicationId id_of(std::string name, std::string category);
  /// The views live as long as the catalogue.
  std::shared_ptr<const ApplicationNames> names() const;

 private:
  ApplicationId find_or_add(std::string name, std::string category);

  mutable std::mutex mutex_;
  std::deque<std::string> storage_;  // addresses stay
  std::map<std::string, ApplicationId, std::less<>> by_name_;
  std::shared_ptr<const ApplicationNames> names_ = std::make_shared<ApplicationNames>();
};

}  // namespace wirewatch
