// SPDX-License-Identifier: BSD-3-Clause
// What a worker that never ends does between bursts: a few flows at a time are aged, folded and handed on, and what was
// prepared elsewhere, rules and drop lists, takes the place of what is in use.
#include <algorithm>
#include <limits>
#include <utility>

#include "dataplane/packet/transport_number.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;
constexpr int64_t kAhead_ns = 1'000'000'000;  // a flow this far ahead of the clock has a wrong time
constexpr int64_t kTurn_ns = 20'000;          // less time than this is not worth beginning for
constexpr size_t kGroupOfFlows = 16;          // looked at together
constexpr size_t kWorkOfFold = 16;            // as many flows could be looked at in the time
constexpr double kWorkPerSecond = 2e6;        // in flows looked at: 125,000 folded, under a tenth of a core
constexpr size_t kTurnsOfHandshakes = 8;      // as many flows could be looked at for one that is handed on

}  // namespace

void Worker::maintain(Timestamp time, size_t most) {
  hand_on_vouched(most / kTurnsOfHandshakes);
  const Timestamp now = clock_.observe(time);
  if (now == kNoTimestamp || !live()) return;
  if (paced_until_ == kNoTimestamp || paced_until_.since(now) > kAhead_ns) paced_until_ = now;
  const int64_t elapsed_ns = now.since(paced_until_);
  if (elapsed_ns < std::min(kTurn_ns, options_.pass_ns)) return;
  // A pass takes pass_ns, or longer when there is more to it than there may be done in that time.
  const double turn_s = static_cast<double>(elapsed_ns) / 1e9, pass_s = static_cast<double>(options_.pass_ns) / 1e9;
  const double share = std::min(turn_s / pass_s, 1.0);
  const auto due = [&](size_t places) { return std::min(static_cast<size_t>(share * static_cast<double>(places)) + 1, places); };
  const auto work = std::min(static_cast<size_t>(turn_s * kWorkPerSecond) + 1, most);
  const size_t end = flows_.end();
  size_t done = 0;
  for (size_t flows = due(end); flows > 0 && done < work;) {
    if (next_slot_ >= end) next_slot_ = 0;
    const size_t count = std::min({flows, kGroupOfFlows, end - next_slot_});
    done += look_at_group(next_slot_, count, now);
    next_slot_ += static_cast<uint32_t>(count);
    flows -= count;
  }
  const SynTable::Places syns = syns_.places();
  done += kWorkOfFold * expire_syns(now, {std::min(due(syns.v4), work), std::min(due(syns.v6), work)}, work / kWorkOfFold + 1);
  // What was done beyond this turn's share is paid for by a later next one.
  const double beyond_s = done > work ? static_cast<double>(done - work) / kWorkPerSecond : 0;
  paced_until_ = Timestamp{now.ns + static_cast<int64_t>(beyond_s * 1e9)};
}

/// Flows lie side by side, but the rows they are counted in lie anywhere: those are fetched for all of the group first, by
/// way of the indexes that know where they are. Returns how much work that was, in flows that are just looked at.
size_t Worker::look_at_group(uint32_t first, size_t count, Timestamp now) noexcept {
  tables_.make_room(count);
  size_t folding = 0;
  const auto each_to_fold = [&](auto fetch) {
    for (uint32_t slot = first; slot < first + count; ++slot) {
      if (flows_[slot].in_use() && flows_[slot].recent_packets() > 0) with_ends(slot, fetch);
    }
  };
  each_to_fold([&](auto&&... ends) { tables_.prefetch(ends...), ++folding; });
  each_to_fold([&](auto&&... ends) { tables_.prefetch_rows(ends...); });
  for (uint32_t slot = first; slot < first + count; ++slot) look_at(slot, now);
  return count + folding * kWorkOfFold;
}

void Worker::look_at(uint32_t slot, Timestamp now) noexcept {
  Flow& flow = flows_[slot];
  if (!flow.in_use()) return;
  if (flow.last_time.since(now) > kAhead_ns) {
    flow.last_time = now;
    FlowRest& rest = flows_.rest(slot);
    rest.first_time = std::min(rest.first_time, now);
    ++live_.wrong_times;
  }
  if (expired(flow, now)) {
    ++live_.flows_expired;
    return end_flow(slot, flow.closed() ? CloseReason::Ended : CloseReason::Idle);
  }
  if (drop_list_ || flow.has(Flow::kBlocked)) reconsider_blocking(slot, now);
  const bool counted = flow.recent_packets() > 0 || flows_.rest(slot).other_paths != kNoSlot;
  if (counted && may_fold(flow)) hand_on_flow(slot, CloseReason::Open);
}

bool Worker::expired(const Flow& flow, Timestamp now) const noexcept {
  const int64_t idle_ns = now.since(flow.last_time);
  const auto longer_than = [&](int64_t timeout_ns) { return timeout_ns > 0 && idle_ns > timeout_ns; };
  if (flow.ip_protocol != kTcp) return longer_than(options_.ageing.other_idle_ns);
  if (flow.closed()) return longer_than(options_.ageing.tcp_closed_ns);
  if (flow.side != kNoSlot && sides_[flow.side].handshake.open()) return longer_than(options_.ageing.syn_ns);
  return longer_than(options_.ageing.tcp_idle_ns);
}

/// Frames before the verdict count for it too, so while one is being looked for they wait.
bool Worker::may_fold(const Flow& flow) const noexcept {
  if (flow.has(Flow::kClassified) || flow.side == kNoSlot) return true;
  const ClassifyState& state = sides_[flow.side].classify;
  return state.packets[0] + state.packets[1] == 0;
}

/// Returns how many it ended.
size_t Worker::expire_syns(Timestamp now, SynTable::Places places, size_t most) noexcept {
  if (options_.ageing.syn_ns <= 0) return 0;
  if (now.ns < std::numeric_limits<int64_t>::min() + options_.ageing.syn_ns) return 0;
  const Timestamp before{now.ns - options_.ageing.syn_ns};
  tables_.make_room(most);
  for (size_t ended = 0; ended < most; ++ended) {
    const auto syn = syns_.take_older(before, now, places);
    if (!syn) return ended;
    ++live_.pending_syns_expired;
    end_pending_syn(*syn);
  }
  return most;
}

void Worker::flush() {
  const Timestamp now = clock_.now();
  for (uint32_t slot = 0; slot < flows_.end(); ++slot) look_at_group(slot, 1, now);
  if (now != kNoTimestamp) expire_syns(now, syns_.places(), syns_.size());
}

std::unique_ptr<PreparedRules> Worker::adopt(std::unique_ptr<PreparedRules> next) noexcept {
  const ClassifyCounters& counters = rules_->classifier.counters();
  earlier_classify_.scans += counters.scans;
  earlier_classify_.scanned_bytes += counters.scanned_bytes;
  earlier_classify_.errors += counters.errors;
  earlier_classify_.dropped_matches += counters.dropped_matches;
  earlier_classify_.hellos_given_up += counters.hellos_given_up;
  // The oldest numbers that are remembered leave with the rules that are given back, to be released elsewhere.
  rules_->also_released = std::exchange(earlier_ids_[generation_ % kRememberedRules], rules_->ids);
  ++generation_;
  ++live_.rules_generation;
  std::swap(rules_, next);
  return next;
}

std::unique_ptr<DropList> Worker::adopt(std::unique_ptr<DropList> next) noexcept {
  std::swap(drop_list_, next);
  return next;
}

void Worker::reconsider_blocking(uint32_t slot, Timestamp now) noexcept {
  const FlowRest& rest = flows_.rest(slot);
  if (drop_list_ && drop_list_->blocks(rest.key, rest.application, rest.evidence, now)) {
    flows_[slot].set(Flow::kBlocked);
  } else {
    flows_[slot].clear(Flow::kBlocked);
  }
}

const RuleIds* Worker::ids_of(uint32_t generation) const noexcept {
  const uint32_t ago = generation_ - generation;
  return ago >= 1 && ago <= kRememberedRules ? earlier_ids_[generation % kRememberedRules].get() : nullptr;
}

/// Turns the numbers of the rules a flow was last looked at with into those of the rules in force. What has no counterpart
/// is forgotten; a name that was found already stays, for good.
void Worker::carry_over(uint32_t slot, FlowSide& side) noexcept {
  const RuleIds* then = ids_of(side.rules);
  const RuleIds& now = *rules_->ids;
  side.rules = generation_;
  const auto translate = [&](ClassifyState::Claim& claim) {
    if (then == nullptr) return false;
    const uint16_t signature = now.local_of_signature(then->global_signature(claim.signature));
    const ApplicationId application = now.local(then->global(claim.application));
    const bool same = signature != 0 && application != kUnknownApplication &&
                      now.protocol_of(signature) == then->protocol_of(claim.signature);
    claim = same ? ClassifyState::Claim{signature, application} : ClassifyState::Claim{};
    return same;
  };
  ClassifyState& state = side.classify;
  for (auto& pending : state.pending) {
    size_t kept = 0;
    for (ClassifyState::Claim claim : pending) {
      if (claim.signature != 0 && translate(claim)) pending[kept++] = claim;
    }
    for (; kept < pending.size(); ++kept) pending[kept] = {};
  }
  if (state.evidence == Evidence::None || translate(state.best)) return;
  state.best = {};
  state.evidence = Evidence::None;
  state.done = true;
  flows_[slot].set(Flow::kClassified);
}

LiveCounters Worker::live_counters() const noexcept {
  LiveCounters counters = live_;
  counters.open_flows = flows_.size();
  counters.most_flows = options_.max_flows;
  counters.pending_syns = syns_.size();
  counters.names_refused = names_.refused();
  counters.memory_bytes = memory_bytes();
  counters.not_yet_folded = {counters_.total.packets - folded_.packets, counters_.total.bytes - folded_.bytes};
  return counters;
}

ClassifyCounters Worker::classify_counters() const noexcept {
  ClassifyCounters counters = rules_->classifier.counters();
  counters.scans += earlier_classify_.scans;
  counters.scanned_bytes += earlier_classify_.scanned_bytes;
  counters.errors += earlier_classify_.errors;
  counters.dropped_matches += earlier_classify_.dropped_matches;
  counters.hellos_given_up += earlier_classify_.hellos_given_up;
  return counters;
}

}  // namespace wirewatch
