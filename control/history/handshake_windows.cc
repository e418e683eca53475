// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/handshake_windows.h"

#include <algorithm>

#include "control/aggregate/count_attempt.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {


void put_in_order(std::vector<HandshakeGroup>& groups) {
  std::ranges::sort(groups, [](const HandshakeGroup& a, const HandshakeGroup& b) {
    return a.attempts != b.attempts ? a.attempts > b.attempts : a.server < b.server;
  });
}

void add_other(std::vector<HandshakeGroup>& groups, const HandshakeCounts& other) {
  if (other.attempts == 0) return;
  groups.push_back(other.group());
  groups.back().other = true;
}

}  // namespace

void HandshakeCounts::add(const HandshakeRecord& handshake) {
  count_attempt(*this, handshake);
  if (handshake.timed()) rtt.record(*handshake.syn_ack_rtt_ns);
}

HandshakeCounts& HandshakeCounts::operator+=(const HandshakeCounts& other) {
  attempts += other.attempts;
  established += other.established;
  refused += other.refused;
  unanswered += other.unanswered;
  half_open += other.half_open;
  ambiguous += other.ambiguous;
  clock_unsteady += other.clock_unsteady;
  rtt += other.rtt;
  return *this;
}

HandshakeGroup HandshakeCounts::group() const {
  HandshakeGroup group;
  group.rtt = rtt.summary();
  group.attempts = attempts;
  group.established = established;
  group.refused = refused;
  group.unanswered = unanswered;
  group.half_open = half_open;
  group.ambiguous = ambiguous;
  group.clock_unsteady = clock_unsteady;
  return group;
}

HandshakeWindows::HandshakeWindows(const Bounds& bounds)
    : bounds_(bounds),
      levels_{{{.slice_ns = 10 * kSecond_ns, .slices = 6},
               {.slice_ns = 60 * kSecond_ns, .slices = 5},
               {.slice_ns = 300 * kSecond_ns, .slices = 12}}} {}

template <typename Map>
HandshakeCounts& HandshakeWindows::counts_of(Map& map, const typename Map::key_type& key, size_t most,
                                             HandshakeCounts& other) const {
  if (const auto found = map.find(key); found != map.end()) return found->second;
  return map.size() < most ? map[key] : other;
}

void HandshakeWindows::record(const HandshakeRecord& handshake, int64_t now_ns) {
  advance(now_ns);
  Slice& slice = levels_.front().open;
  slice.totals.add(handshake);
  const DestinationKey server = key_of(handshake.server, 0);
  counts_of(slice.by_server, server, bounds_.servers, slice.other_servers).add(handshake);
  counts_of(slice.by_port, handshake.server.port, bounds_.ports, slice.other_ports).add(handshake);
}

void HandshakeWindows::merge(Slice& into, const Slice& from) const {
  into.totals += from.totals;
  into.other_servers += from.other_servers;
  into.other_ports += from.other_ports;
  for (const auto& [server, counts] : from.by_server) {
    counts_of(into.by_server, server, bounds_.servers, into.other_servers) += counts;
  }
  for (const auto& [port, counts] : from.by_port) {
    counts_of(into.by_port, port, bounds_.ports, into.other_ports) += counts;
  }
}

void HandshakeWindows::advance(int64_t now_ns) {
  for (size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    const int64_t number = now_ns / level.slice_ns;
    if (!begun_) level.open.number = number;
    if (level.open.number < number) {
      // A shorter slice has always ended when a longer one does, and comes first: nothing is merged into the past.
      if (i + 1 < levels_.size()) merge(levels_[i + 1].open, level.open);
      if (level.open.totals.attempts > 0) level.full.push_back(std::move(level.open));
      level.open = Slice{.number = number, .totals = {}, .other_servers = {}, .other_ports = {}, .by_server = {}, .by_port = {}};
    }
    const auto oldest = number - static_cast<int64_t>(level.slices);
    while (!level.full.empty() && level.full.front().number < oldest) level.full.pop_front();
  }
  begun_ = true;
}

HandshakeWindows::Summary HandshakeWindows::summarise(HistoryWindow window, int64_t now_ns) {
  advance(now_ns);
  Slice sum;
  const auto asked = static_cast<size_t>(window);
  for (size_t level = 0; level <= asked; ++level) merge(sum, levels_[level].open);
  for (const Slice& slice : levels_[asked].full) merge(sum, slice);

  Summary summary{.totals = sum.totals.group(), .by_server = {}, .by_port = {}};
  for (const auto& [server, counts] : sum.by_server) {
    summary.by_server.push_back(counts.group());
    summary.by_server.back().server = {{server.address, server.family}, server.port};
  }
  for (const auto& [port, counts] : sum.by_port) {
    summary.by_port.push_back(counts.group());
    summary.by_port.back().server.port = port;
  }
  put_in_order(summary.by_server);
  put_in_order(summary.by_port);
  add_other(summary.by_server, sum.other_servers);
  add_other(summary.by_port, sum.other_ports);
  return summary;
}

std::optional<int64_t> HandshakeWindows::percentile_ns(HistoryWindow window, double percent, std::optional<uint16_t> port, int64_t now_ns) {
  advance(now_ns);
  SparseHistogram sum;
  const auto add = [&](const Slice& slice) {
    if (!port) {
      sum += slice.totals.rtt;
    } else if (const auto found = slice.by_port.find(*port); found != slice.by_port.end()) {
      sum += found->second.rtt;
    }
  };
  const auto asked = static_cast<size_t>(window);
  for (size_t level = 0; level <= asked; ++level) add(levels_[level].open);
  for (const Slice& slice : levels_[asked].full) add(slice);
  return sum.percentile_ns(percent);
}

}  // namespace wirewatch
