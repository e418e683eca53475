// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/handshake_groups.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "control/aggregate/count_attempt.h"
#include "control/aggregate/sort_by_number.h"
#include "dataplane/base/byte_order.h"
#include "dataplane/base/large_memory.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {
namespace {

/// How the attempts of a group went. Small, since there may be as many groups as handshakes.
struct Outcomes {
  uint32_t number = 0;  // of the group, from 1
  uint32_t attempts = 0, established = 0, refused = 0, unanswered = 0, half_open = 0, ambiguous = 0, clock_unsteady = 0, timed = 0;

  void count(const HandshakeRecord& handshake) noexcept {
    count_attempt(*this, handshake);
    if (handshake.timed()) ++timed;
  }
  HandshakeGroup group(const Endpoint& server, std::span<int64_t> samples_ns) const {
    return {.server = server,
            .rtt = summarise_rtt(samples_ns),
            .attempts = attempts,
            .established = established,
            .refused = refused,
            .unanswered = unanswered,
            .half_open = half_open,
            .ambiguous = ambiguous,
            .clock_unsteady = clock_unsteady};
  }
};

size_t count_of(HandshakeRuns runs) noexcept {
  size_t count = 0;
  for (const auto& run : runs) count += run.size();
  return count;
}

/// Groups handshakes by a key: all are counted, but percentiles are made for the groups alone that are shown.
class Grouping {
 public:
  template <typename KeyOf>
  Grouping(HandshakeRuns runs, KeyOf key_of_handshake) : runs_(runs), groups_(std::numeric_limits<size_t>::max()) {
    constexpr size_t kAtOnce = 1024;
    group_of_.reserve(count_of(runs));
    for (const auto& run : runs) {
      for (const HandshakeRecord& handshake : run) {
        if (group_of_.size() % kAtOnce == 0) groups_.make_room(kAtOnce);
        Outcomes& outcomes = *groups_.at(key_of(key_of_handshake(handshake), 0));
        if (outcomes.number == 0) outcomes.number = static_cast<uint32_t>(groups_.size());
        group_of_.push_back(outcomes.number);
        outcomes.count(handshake);
      }
    }
  }

  RankedHandshakeGroups ranked(size_t most) const {
    const std::vector<Place> places = first(most);
    std::vector<uint32_t> place_of(groups_.size() + 1);  // by number of the group; 0: not among the first
    std::vector<size_t> begin(places.size() + 1), next(places.size() + 1);
    for (size_t i = 0; i < places.size(); ++i) {
      place_of[places[i].outcomes->number] = static_cast<uint32_t>(i + 1);
      begin[i + 1] = begin[i] + places[i].outcomes->timed;
    }
    next = begin;
    std::vector<int64_t> samples_ns(begin.back());
    auto number = group_of_.begin();
    for (const auto& run : runs_) {
      for (const HandshakeRecord& handshake : run) {
        const uint32_t place = place_of[*number++];
        if (place != 0 && handshake.timed()) samples_ns[next[place - 1]++] = *handshake.syn_ack_rtt_ns;
      }
    }
    RankedHandshakeGroups ranked{.rows = {}, .all = groups_.size()};
    reserve_large(ranked.rows, places.size());
    for (size_t i = 0; i < places.size(); ++i) {
      const DestinationKey& key = *places[i].key;
      const auto its_samples = std::span(samples_ns).subspan(begin[i], places[i].outcomes->timed);
      ranked.rows.push_back(places[i].outcomes->group({{key.address, key.family}, key.port}, its_samples));
    }
    return ranked;
  }

 private:
  /// What decides nearly every comparison stands here, so that sorting does not chase pointers.
  struct Place {
    uint64_t attempts;
    uint64_t address;  // the first eight bytes
    const DestinationKey* key;
    const Outcomes* outcomes;
  };

  /// The first `most` groups in order: most attempts first, then by address and port.
  std::vector<Place> first(size_t most) const {
    std::vector<Place> places;
    places.reserve(groups_.size());
    groups_.for_each([&](const DestinationKey& key, const Outcomes& outcomes) {
      places.push_back({outcomes.attempts, load_be64(key.address.data()), &key, &outcomes});
    });
    const auto before = [](const Place& a, const Place& b) {
      if (a.attempts != b.attempts) return a.attempts > b.attempts;
      if (a.address != b.address) return a.address < b.address;
      return Endpoint{{a.key->address, a.key->family}, a.key->port} < Endpoint{{b.key->address, b.key->family}, b.key->port};
    };
    if (most < places.size()) {
      const auto end = places.begin() + static_cast<ptrdiff_t>(most);
      std::nth_element(places.begin(), end, places.end(), before);
      places.erase(end, places.end());
    }
    const auto number_of = [](const Place& place) {
      constexpr unsigned kAddressBits = 40;
      constexpr uint64_t kMostAttempts = (uint64_t{1} << (64 - kAddressBits)) - 1;
      if (place.attempts >= kMostAttempts) return uint64_t{0};
      return ~place.attempts << kAddressBits | place.address >> (64 - kAddressBits);
    };
    sort_by_number(places, number_of, before);
    return places;
  }

  HandshakeRuns runs_;
  BoundedMap<DestinationKey, Outcomes> groups_;
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

RankedHandshakeGroups handshakes_by_server(HandshakeRuns runs, size_t most) {
  return Grouping(runs, [](const HandshakeRecord& handshake) -> const Endpoint& { return handshake.server; }).ranked(most);
}

RankedHandshakeGroups handshakes_by_port(HandshakeRuns runs, size_t most) {
  return Grouping(runs, [](const HandshakeRecord& handshake) { return Endpoint{{}, handshake.server.port}; }).ranked(most);
}

HandshakeGroup handshake_totals(HandshakeRuns runs) {
  Outcomes outcomes;
  std::vector<int64_t> samples_ns;
  samples_ns.reserve(count_of(runs));
  for (const auto& run : runs) {
    for (const HandshakeRecord& handshake : run) {
      outcomes.count(handshake);
      if (handshake.timed()) samples_ns.push_back(*handshake.syn_ack_rtt_ns);
    }
  }
  return outcomes.group({}, samples_ns);
}

std::vector<HandshakeRecord> slowest_handshakes(HandshakeRuns runs, size_t most) {
  const auto before = [](const HandshakeRecord* a, const HandshakeRecord* b) {
    return std::tuple(*b->syn_ack_rtt_ns, a->syn_time, a->syn_frame) < std::tuple(*a->syn_ack_rtt_ns, b->syn_time, b->syn_frame);
  };
  std::vector<const HandshakeRecord*> slowest;  // in order, one too many while one is put in
  for (const auto& run : runs) {
    for (const HandshakeRecord& handshake : run) {
      if (!handshake.timed() || (slowest.size() == most && (most == 0 || !before(&handshake, slowest.back())))) continue;
      slowest.insert(std::upper_bound(slowest.begin(), slowest.end(), &handshake, before), &handshake);
      if (slowest.size() > most) slowest.pop_back();
    }
  }
  std::vector<HandshakeRecord> records;
  for (const HandshakeRecord* each : slowest) records.push_back(*each);
  return records;
}

}  // namespace wirewatch
