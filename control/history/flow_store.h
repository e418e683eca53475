// SPDX-License-Identifier: BSD-3-Clause
// Flows that are active or were a moment ago, put together from the records that live workers hand on, and sums of them
// per application. Bounded: a flow that has ended longest gives way first, then the one that was silent longest.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/aggregate/flow_sums.h"
#include "dataplane/pipeline/shared_event.h"

namespace wirewatch {

struct KnownFlow {
  uint64_t key = 0;         // worker, slot and incarnation
  FlowRecord record;        // its traffic is all of the flow's; application and signature as by the caller's names
  std::string host;
  std::string names;        // a NameSheet's bytes
  bool active = true;
  bool whole = false;       // heard of from its first packet on
  std::optional<uint64_t> alert;  // number of the one it raised, for AlertLog
};

class FlowStore {
 public:
  explicit FlowStore(size_t most_flows) : most_flows_(most_flows) {}

  /// `application` is the event's, in the caller's numbering; `names` came with it, or is empty. The flow is valid until the
  /// next call.
  KnownFlow& observe(const FlowEvent& event, ApplicationId application, const NameSheet& names = {});
  /// The data plane is gone: nothing is active any more, and ids begin anew.
  void end_all();

  /// Those with a reason to come first: most recently heard of first.
  template <typename Visit>
  void for_each_recent(Visit visit) const {
    auto active = active_.begin();
    auto ended = ended_.begin();
    while (active != active_.end() || ended != ended_.end()) {
      const bool take_active =
          ended == ended_.end() || (active != active_.end() && active->record.last_time >= ended->record.last_time);
      if (!visit(take_active ? *active++ : *ended++)) return;
    }
  }

  size_t size() const noexcept { return active_.size() + ended_.size(); }
  const FlowSums& sums() const noexcept { return sums_; }
  /// Goes on from sums made before.
  void go_on_from(FlowSums sums) { sums_ = std::move(sums); }
  uint64_t forgotten() const noexcept { return forgotten_; }  // active flows given up for want of room

  static uint64_t key_of(const FlowId& id) noexcept {
    return uint64_t{id.slot} | uint64_t{id.worker} << 32 | uint64_t{id.incarnation} << 48;
  }

 private:
  using Flows = std::list<KnownFlow>;

  Flows::iterator find_or_make(const FlowEvent& event, bool& is_new);
  void make_room();
  void move_sums(KnownFlow& flow, const FlowRecord& before, bool is_new, bool is_first, const FlowRecord& delta);
  ApplicationSums* sums_of(const FlowRecord& record);

  size_t most_flows_;
  Flows active_;  // most recently heard of first
  Flows ended_;   // most recently ended first
  std::unordered_map<uint64_t, Flows::iterator> by_key_;  // of the active ones
  FlowSums sums_;
  uint64_t forgotten_ = 0;
};

}  // namespace wirewatch
