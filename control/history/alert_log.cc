// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/alert_log.h"

#include <algorithm>

namespace wirewatch {

bool AlertLog::is_unwanted(ApplicationId application, const ApplicationNames& names) {
  if (application == kUnknownApplication || unwanted_.empty()) return false;
  while (by_application_.size() <= application) {
    const auto id = static_cast<ApplicationId>(by_application_.size());
    by_application_.push_back(std::ranges::any_of(unwanted_, [&](const std::string& name) {
      return id != kUnknownApplication && (name == names.name(id) || name == names.category(id));
    }));
  }
  return by_application_[application];
}

bool AlertLog::observe(KnownFlow& flow, const ApplicationNames& names, Timestamp now) {
  if (flow.alert) {
    if (const uint64_t first = forgotten(); *flow.alert >= first) {
      Alert& alert = alerts_[*flow.alert - first];
      alert.flow = flow.record;
      if (!flow.host.empty()) alert.host = flow.host;
    }
    return false;
  }
  const bool is_guess = flow.record.evidence == Evidence::Port;
  if (is_guess || !is_unwanted(flow.record.application, names)) return false;
  flow.alert = raised_++;
  alerts_.push_back({flow.record, flow.host, now});
  if (alerts_.size() > most_alerts_) alerts_.pop_front();
  return true;
}

std::vector<std::string> AlertLog::unknown_names(const ApplicationNames& names) const {
  std::vector<std::string> unknown;
  for (const std::string& name : unwanted_) {
    if (std::ranges::find(names.names, name) == names.names.end() &&
        std::ranges::find(names.categories, name) == names.categories.end()) {
      unknown.push_back(name);
    }
  }
  return unknown;
}

}  // namespace wirewatch
