// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/flow_store.h"

#include <algorithm>

namespace wirewatch {
namespace {

void subtract(Traffic& from, const Traffic& part) noexcept {
  from.packets -= std::min(from.packets, part.packets);
  from.bytes -= std::min(from.bytes, part.bytes);
}

}  // namespace

ApplicationSums* FlowStore::sums_of(const FlowRecord& record) {
  if (record.application == kUnknownApplication) return nullptr;
  auto& table = record.evidence == Evidence::Port ? sums_.guessed : sums_.detected;
  if (table.size() <= record.application) table.resize(size_t{record.application} + 1);
  return &table[record.application];
}

FlowStore::Flows::iterator FlowStore::find_or_make(const FlowEvent& event, bool& is_new) {
  const uint64_t key = key_of(event.progress.id);
  const auto found = by_key_.find(key);
  is_new = found == by_key_.end();
  if (!is_new) {
    active_.splice(active_.begin(), active_, found->second);
    return active_.begin();
  }
  make_room();
  active_.emplace_front();
  active_.front().key = key;
  by_key_[key] = active_.begin();
  return active_.begin();
}

void FlowStore::make_room() {
  if (size() < most_flows_) return;
  if (!ended_.empty()) return ended_.pop_back();
  if (active_.empty()) return;
  by_key_.erase(active_.back().key);
  active_.pop_back();
  ++forgotten_;
}

KnownFlow& FlowStore::observe(const FlowEvent& event, ApplicationId application, const NameSheet& names) {
  bool is_new = false;
  const auto at = find_or_make(event, is_new);
  const FlowRecord before = at->record;
  FlowRecord delta = event.record;
  delta.application = application;
  if (application == kUnknownApplication) delta.evidence = Evidence::None;
  // Totals that are all in this record are of a flow nobody has heard of before.
  const bool is_first = event.progress.total_to_server == delta.to_server && event.progress.total_to_client == delta.to_client;

  at->record = delta;
  at->record.to_server = event.progress.total_to_server;
  at->record.to_client = event.progress.total_to_client;
  at->record.has_payload = delta.has_payload || before.has_payload;
  at->record.host = {};
  at->record.host_source = event.host_length > 0 ? delta.host_source : before.host_source;
  if (event.host_length > 0) at->host = event.host();
  if (!names.empty()) at->names = names.packed();
  move_sums(*at, before, is_new, is_first, delta);
  if (!event.progress.final()) return *at;
  by_key_.erase(at->key);
  at->active = false;
  ended_.splice(ended_.begin(), active_, at);
  return ended_.front();
}

/// Sums go by what a flow is known as now: when its name changes, all it has carried changes its row with it.
void FlowStore::move_sums(KnownFlow& flow, const FlowRecord& before, bool is_new, bool is_first,
                          const FlowRecord& delta) {
  const FlowRecord& now = flow.record;
  ApplicationSums* const sums = sums_of(now);
  const bool begins = is_new && is_first;
  if (begins) ++sums_.flows;
  flow.whole = flow.whole || begins;
  const bool same_row = !is_new && before.application == now.application &&
                        (before.evidence == Evidence::Port) == (now.evidence == Evidence::Port);
  // Of a flow that was forgotten in between only the news can be counted: the rest stands in some row already.
  const bool only_news = same_row || (is_new && !is_first);
  if (!only_news && !is_new) {
    if (ApplicationSums* const left = sums_of(before)) {
      left->flows -= std::min<uint64_t>(left->flows, 1);
      subtract(left->traffic, before.total());
      subtract(left->sent, before.to_server);
      subtract(left->received, before.to_client);
    }
  }
  if (sums != nullptr) {
    const FlowRecord& added = only_news ? delta : now;
    if (!only_news) ++sums->flows;
    sums->traffic += added.total();
    sums->sent += added.to_server;
    sums->received += added.to_client;
    sums->strongest = std::max(sums->strongest, now.evidence);
  }
  const auto unnamed = [](const FlowRecord& record) { return record.has_payload && record.application == kUnknownApplication; };
  if (flow.whole) {  // of others nobody knows any more what they were counted as
    const bool was_unnamed = !is_new && unnamed(before), was_empty = !is_new && !before.has_payload;
    if (unnamed(now) != was_unnamed) sums_.unclassified += was_unnamed ? uint64_t{0} - 1 : 1;
    if (!now.has_payload != was_empty) sums_.without_payload += was_empty ? uint64_t{0} - 1 : 1;
  }
}

void FlowStore::end_all() {
  for (KnownFlow& flow : active_) flow.active = false;
  ended_.splice(ended_.begin(), active_);
  by_key_.clear();
}

}  // namespace wirewatch
