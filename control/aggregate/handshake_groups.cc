// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/handshake_groups.h"

#include <algorithm>
#include <limits>

#include "dataplane/stats/tables.h"

namespace wirewatch {
namespace {

bool is_sample(const HandshakeRecord& handshake) noexcept {
  return handshake.syn_ack_rtt_ns.has_value() && !handshake.ambiguous();
}

void count(HandshakeGroup& group, const HandshakeRecord& handshake) noexcept {
  ++group.attempts;
  if (handshake.ambiguous()) ++group.ambiguous;
  if (is_sample(handshake)) ++group.rtt.count;
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
      if (is_sample(handshakes[i])) samples_ns[next[group_of_[i]]++] = *handshakes[i].syn_ack_rtt_ns;
    }
    for (size_t i = 0; i < groups_.size(); ++i) {
      groups_[i].rtt = summarise_rtt(std::span(samples_ns).subspan(start[i], groups_[i].rtt.count));
    }
    std::sort(groups_.begin(), groups_.end(), [](const HandshakeGroup& a, const HandshakeGroup& b) {
      return a.attempts != b.attempts ? a.attempts > b.attempts : a.server < b.server;
    });
    return std::move(groups_);
  }

 private:
  BoundedMap<DestinationKey, uint64_t> number_;  // of the group, from 1
  std::vector<HandshakeGroup> groups_;
  std::vector<uint32_t> group_of_;  // by handshake
};

}  // namespace

RttSummary summarise_rtt(std::span<int64_t> samples_ns) {
  RttSummary summary{.count = samples_ns.size(), .p50_ns = {}, .p90_ns = {}, .p99_ns = {}, .max_ns = {}, .min_ns = {}};
  if (samples_ns.empty()) return summary;
  std::sort(samples_ns.begin(), samples_ns.end());
  const auto rank = [&](unsigned percent) {
    const size_t nth = (samples_ns.size() * percent + 99) / 100;
    return samples_ns[std::max<size_t>(nth, 1) - 1];
  };
  summary.p50_ns = rank(50);
  summary.p90_ns = rank(90);
  summary.p99_ns = rank(99);
  summary.max_ns = samples_ns.back();
  summary.min_ns = samples_ns.front();
  return summary;
}

HandshakeSummaries summarise_handshakes(std::span<const HandshakeRecord> handshakes) {
  HandshakeGroup totals;
  Grouping by_server(handshakes.size()), by_port(handshakes.size());
  std::vector<int64_t> samples_ns;
  samples_ns.reserve(handshakes.size());
  for (const HandshakeRecord& handshake : handshakes) {
    count(totals, handshake);
    if (is_sample(handshake)) samples_ns.push_back(*handshake.syn_ack_rtt_ns);
    by_server.add(handshake.server, handshake);
    by_port.add({IpAddress{}, handshake.server.port}, handshake);
  }
  totals.rtt = summarise_rtt(samples_ns);
  return {.totals = totals, .by_server = by_server.finish(handshakes), .by_port = by_port.finish(handshakes)};
}

}  // namespace wirewatch
