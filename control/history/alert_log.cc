// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/alert_log.h"

#include <algorithm>
#include <iterator>

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

void AlertLog::go_on_from(std::vector<Alert> alerts, uint64_t raised) {
  raised_ = std::max<uint64_t>(raised, alerts.size());
  alerts_.assign(std::make_move_iterator(alerts.begin()), std::make_move_iterator(alerts.end()));
  while (alerts_.size() > most_alerts_) alerts_.pop_front();
  earlier_.clear();
  for (size_t i = 0; i < alerts_.size(); ++i) earlier_[identity(alerts_[i].flow)] = forgotten() + i;
}

std::optional<uint64_t> AlertLog::earlier_alert(const FlowRecord& flow) {
  const auto found = earlier_.find(identity(flow));
  if (found == earlier_.end()) return std::nullopt;
  const uint64_t number = found->second;
  earlier_.erase(found);
  return number;
}

bool AlertLog::observe(KnownFlow& flow, const ApplicationNames& names, Timestamp now) {
  const auto keep_up = [&] {
    if (const uint64_t first = forgotten(); *flow.alert >= first) {
      Alert& alert = alerts_[*flow.alert - first];
      alert.flow = flow.record;
      if (!flow.host.empty()) alert.host = flow.host;
      ++changes_;
    }
    return false;
  };
  if (flow.alert) return keep_up();
  const bool is_guess = flow.record.evidence == Evidence::Port;
  if (is_guess || !is_unwanted(flow.record.application, names)) return false;
  flow.alert = earlier_alert(flow.record);
  if (flow.alert) return keep_up();
  flow.alert = raised_++;
  ++changes_;
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
