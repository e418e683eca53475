// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/handshake_groups.h"

#include <algorithm>
#include <limits>

#include "control/aggregate/sort_by_number.h"
#include "dataplane/base/byte_order.h"
#include "dataplane/base/large_memory.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {
namespace {

void count(HandshakeGroup& group, const HandshakeRecord& handshake) noexcept {
  ++group.attempts;
  if (handshake.ambiguous()) ++group.ambiguous;
  if (handshake.clock_unsteady) ++group.clock_unsteady;
  if (handshake.timed()) ++group.rtt.count;
  switch (handshake.outcome) {
    case HandshakeOutcome::Established:
      ++group.established;
      break;
    case HandshakeOutcome::Refused:
      ++group.refused;
      break;
    case HandshakeOutcome::Unanswered:
      ++group.unanswered;
      break;
    case HandshakeOutcome::HalfOpen:
      ++group.half_open;
      break;
  }
}

/// Groups handshakes by a key: first counted, then the samples of each group gathered side by side.
class Grouping {
 public:
  explicit Grouping(size_t handshakes) : number_(std::numeric_limits<size_t>::max()) {
    group_of_.reserve(handshakes);
  }

  void add(const Endpoint& key, const HandshakeRecord& handshake) {
    constexpr size_t kAtOnce = 1024;
    if (group_of_.size() % kAtOnce == 0) number_.make_room(kAtOnce);
    uint64_t& number = *number_.at({key.address.bytes, key.port, key.address.family, 0});
    if (number == 0) {
      groups_.push_back({.server = key, .rtt = {}});
      number = groups_.size();
    }
    group_of_.push_back(static_cast<uint32_t>(number - 1));
    count(groups_[number - 1], handshake);
  }

  std::vector<HandshakeGroup> finish(std::span<const HandshakeRecord> handshakes) {
    std::vector<size_t> next(groups_.size() + 1);
    for (size_t i = 0; i < groups_.size(); ++i) next[i + 1] = next[i] + groups_[i].rtt.count;
    std::vector<int64_t> samples_ns(next.back());
    std::vector<size_t> start(next);
    for (size_t i = 0; i < handshakes.size(); ++i) {
      if (handshakes[i].timed()) samples_ns[next[group_of_[i]]++] = *handshakes[i].syn_ack_rtt_ns;
    }
    for (size_t i = 0; i < groups_.size(); ++i) {
      groups_[i].rtt = summarise_rtt(std::span(samples_ns).subspan(start[i], groups_[i].rtt.count));
    }
    return in_order();
  }

 private:
  /// Most attempts first. What decides nearly every comparison is sorted, and the groups, which are large, are moved once.
  std::vector<HandshakeGroup> in_order() const {
    struct Place {
      uint64_t attempts;
      uint64_t address;  // the first eight bytes
      const HandshakeGroup* group;
    };
    std::vector<Place> places;
    places.reserve(groups_.size());
    for (const HandshakeGroup& group : groups_) {
      places.push_back({group.attempts, load_be64(group.server.address.bytes.data()), &group});
    }
    const auto number_of = [](const Place& place) {
      constexpr unsigned kAddressBits = 40;
      constexpr uint64_t kMostAttempts = (uint64_t{1} << (64 - kAddressBits)) - 1;
      if (place.attempts >= kMostAttempts) return uint64_t{0};
      return ~place.attempts << kAddressBits | place.address >> (64 - kAddressBits);
    };
    sort_by_number(places, number_of, [](const Place& a, const Place& b) {
      if (a.attempts != b.attempts) return a.attempts > b.attempts;
      return a.address != b.address ? a.address < b.address : a.group->server < b.group->server;
    });
    std::vector<HandshakeGroup> sorted;
    reserve_large(sorted, groups_.size());
    for (const Place& place : places) sorted.push_back(*place.group);
    return sorted;
  }

  BoundedMap<DestinationKey, uint64_t> number_;  // of the group, from 1
  LargeVector<HandshakeGroup> groups_;
  std::vector<uint32_t> group_of_;  // by handshake
};

}  // namespace

RttSummary summarise_rtt(std::span<int64_t> samples_ns) {
  RttSummary summary{.count = samples_ns.size(), .p50_ns = {}, .p90_ns = {}, .p99_ns = {}, .max_ns = {}, .min_ns = {}};
  if (samples_ns.empty()) return summary;
  auto rest = samples_ns.begin();  // each percentile leaves what is smaller behind, so the next looks at the rest alone
  const auto rank = [&](unsigned percent) {
    const size_t nth = (samples_ns.size() * percent + 99) / 100;
    const auto place = samples_ns.begin() + static_cast<ptrdiff_t>(std::max<size_t>(nth, 1) - 1);
    std::nth_element(rest, place, samples_ns.end());
    rest = place;
    return *place;
  };
  summary.min_ns = *std::min_element(samples_ns.begin(), samples_ns.end());
  summary.p50_ns = rank(50);
  summary.p90_ns = rank(90);
  summary.p99_ns = rank(99);
  summary.max_ns = *std::max_element(rest, samples_ns.end());
  return summary;
}

HandshakeSummaries summarise_handshakes(std::span<const HandshakeRecord> handshakes) {
  HandshakeGroup totals;
  Grouping by_server(handshakes.size()), by_port(handshakes.size());
  std::vector<int64_t> samples_ns;
  samples_ns.reserve(handshakes.size());
  for (const HandshakeRecord& handshake : handshakes) {
    count(totals, handshake);
    if (handshake.timed()) samples_ns.push_back(*handshake.syn_ack_rtt_ns);
    by_server.add(handshake.server, handshake);
    by_port.add({IpAddress{}, handshake.server.port}, handshake);
  }
  totals.rtt = summarise_rtt(samples_ns);
  return {.totals = totals, .by_server = by_server.finish(handshakes), .by_port = by_port.finish(handshakes)};
}

}  // namespace wirewatch
