// SPDX-License-Identifier: BSD-3-Clause
// One alert for every flow of an unwanted application: who, with whom, when, how much and how it is known. Bounded: the
// oldest gives way and is counted.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "control/aggregate/application_names.h"
#include "control/history/flow_store.h"

namespace wirewatch {

struct Alert {
  FlowRecord flow;   // as last heard of; its `host` is empty
  std::string host;
  Timestamp raised;
};

class AlertLog {
 public:
  /// `unwanted` are names of applications or categories.
  AlertLog(std::vector<std::string> unwanted, size_t most_alerts)
      : unwanted_(std::move(unwanted)), most_alerts_(most_alerts) {}

  /// Whether this flow raised an alert just now. A guess from the port never does.
  bool observe(KnownFlow& flow, const ApplicationNames& names, Timestamp now);
  /// Goes on from the alerts of an earlier log, oldest first, `raised` of them and of those it had forgotten. A flow that is
  /// still open and tells of itself again has its alert already.
  void go_on_from(std::vector<Alert> alerts, uint64_t raised);
  /// From now on; flows that have not raised an alert may do so when they are next heard of.
  void set_unwanted(std::vector<std::string> unwanted) {
    unwanted_ = std::move(unwanted);
    by_application_.clear();
  }
  /// Oldest first.
  const std::deque<Alert>& alerts() const noexcept { return alerts_; }
  uint64_t raised() const noexcept { return raised_; }
  uint64_t forgotten() const noexcept { return raised_ - alerts_.size(); }
  /// Counts up whenever an alert is raised or brought up to date.
  uint64_t changes() const noexcept { return changes_; }
  /// Names of the policy that no application and no category has.
  std::vector<std::string> unknown_names(const ApplicationNames& names) const;

 private:
  /// The same flow, whoever numbers it.
  using FlowIdentity = std::tuple<Endpoint, Endpoint, uint8_t, Timestamp>;
  static FlowIdentity identity(const FlowRecord& flow) noexcept {
    return {flow.client, flow.server, flow.ip_protocol, flow.first_time};
  }

  bool is_unwanted(ApplicationId application, const ApplicationNames& names);
  /// The alert that an earlier log raised for it.
  std::optional<uint64_t> earlier_alert(const FlowRecord& flow);

  std::vector<std::string> unwanted_;
  size_t most_alerts_;
  std::vector<bool> by_application_;  // as far as asked
  std::deque<Alert> alerts_;
  std::map<FlowIdentity, uint64_t> earlier_;  // numbers of alerts taken up whose flows have not been heard of since
  uint64_t raised_ = 0;
  uint64_t changes_ = 0;
};

}  // namespace wirewatch
