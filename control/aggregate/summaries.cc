// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/summaries.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace wirewatch {
namespace {

struct HashKey {
  template <typename Key>
  size_t operator()(const Key& key) const noexcept {
    return hash_bytes(key);
  }
};

/// Adds up one table of every worker.
template <typename Key, typename Value>
std::unordered_map<Key, Value, HashKey> add_up(std::span<const Tables* const> workers,
                                               const BoundedMap<Key, Value> Tables::*table) {
  std::unordered_map<Key, Value, HashKey> sums;
  size_t most = 0;
  for (const Tables* tables : workers) most = std::max(most, (tables->*table).size());
  sums.reserve(most);
  for (const Tables* tables : workers) {
    (tables->*table).for_each([&](const Key& key, const Value& value) { sums[key] += value; });
  }
  return sums;
}

/// A server, or a server port with no address, as a key without padding.
DestinationKey group_key(const Endpoint& server) noexcept {
  return {server.address.bytes, server.port, server.address.family, 0};
}

struct Group {
  HandshakeGroup counts;
  std::vector<int64_t> samples_ns;
};

void count_outcome(HandshakeGroup& group, const HandshakeRecord& handshake) noexcept {
  ++group.attempts;
  if (handshake.ambiguous()) ++group.ambiguous;
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

void add(Group& group, const HandshakeRecord& handshake) {
  count_outcome(group.counts, handshake);
  if (handshake.syn_ack_rtt_ns && !handshake.ambiguous()) group.samples_ns.push_back(*handshake.syn_ack_rtt_ns);
}

using Groups = std::unordered_map<DestinationKey, Group, HashKey>;

std::vector<HandshakeGroup> in_order(Groups& groups) {
  std::vector<HandshakeGroup> rows;
  rows.reserve(groups.size());
  for (auto& [key, group] : groups) {
    group.counts.server = {IpAddress{key.address, key.family}, key.port};
    group.counts.rtt = summarise_rtt(group.samples_ns);
    rows.push_back(group.counts);
  }
  std::sort(rows.begin(), rows.end(), [](const HandshakeGroup& a, const HandshakeGroup& b) {
    return a.attempts != b.attempts ? a.attempts > b.attempts : a.server < b.server;
  });
  return rows;
}

template <typename Row>
bool more_traffic(const Row& a, const Row& b) noexcept {
  return a.traffic > b.traffic;
}

}  // namespace

RttSummary summarise_rtt(std::vector<int64_t>& samples_ns) {
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
  Group total;
  Groups by_server, by_port;
  for (const HandshakeRecord& handshake : handshakes) {
    add(total, handshake);
    add(by_server[group_key(handshake.server)], handshake);
    add(by_port[group_key({IpAddress{}, handshake.server.port})], handshake);
  }
  total.counts.rtt = summarise_rtt(total.samples_ns);
  return {.totals = total.counts, .by_server = in_order(by_server), .by_port = in_order(by_port)};
}

std::vector<Destination> build_destinations(std::span<const Tables* const> workers) {
  const auto sums = add_up(workers, &Tables::destinations);
  std::unordered_map<AddressKey, size_t, HashKey> place;
  std::vector<Destination> rows;
  for (const auto& [key, traffic] : sums) {
    const auto [found, is_new] = place.try_emplace(AddressKey{key.address, key.family}, rows.size());
    if (is_new) rows.push_back({.address = {key.address, key.family}, .traffic = {}, .ports = {}});
    Destination& row = rows[found->second];
    row.traffic += traffic;
    if (key.ip_protocol != 0) row.ports.push_back({key.ip_protocol, key.port, traffic});
  }
  for (Destination& row : rows) {
    std::sort(row.ports.begin(), row.ports.end(), [](const DestinationPort& a, const DestinationPort& b) {
      if (a.traffic != b.traffic) return more_traffic(a, b);
      return a.ip_protocol != b.ip_protocol ? a.ip_protocol < b.ip_protocol : a.port < b.port;
    });
  }
  std::sort(rows.begin(), rows.end(), [](const Destination& a, const Destination& b) {
    return a.traffic != b.traffic ? more_traffic(a, b) : a.address < b.address;
  });
  return rows;
}

std::vector<EndpointRow> build_endpoints(std::span<const Tables* const> workers) {
  std::vector<EndpointRow> rows;
  for (const auto& [key, counts] : add_up(workers, &Tables::endpoints)) {
    rows.push_back({.address = {key.address, key.family},
                    .sent = counts.sent,
                    .received = counts.received,
                    .connections_opened = counts.opened,
                    .connections_accepted = counts.accepted});
  }
  const auto packets = [](const EndpointRow& row) { return row.sent.packets + row.received.packets; };
  std::sort(rows.begin(), rows.end(), [&](const EndpointRow& a, const EndpointRow& b) {
    return packets(a) != packets(b) ? packets(a) > packets(b) : a.address < b.address;
  });
  return rows;
}

std::vector<Conversation> build_conversations(std::span<const Tables* const> workers, const RuleSet& rules) {
  std::vector<Conversation> rows;
  for (const auto& [key, counts] : add_up(workers, &Tables::conversations)) {
    rows.push_back({.client = {key.client, key.family},
                    .server = {{key.server, key.family}, key.server_port},
                    .ip_protocol = key.ip_protocol,
                    .connections = counts.connections,
                    .to_server = counts.to_server,
                    .to_client = counts.to_client,
                    .application = rules.application_name(counts.application)});
  }
  const auto packets = [](const Conversation& row) { return row.to_server.packets + row.to_client.packets; };
  std::sort(rows.begin(), rows.end(), [&](const Conversation& a, const Conversation& b) {
    if (packets(a) != packets(b)) return packets(a) > packets(b);
    if (a.client != b.client) return a.client < b.client;
    return a.server != b.server ? a.server < b.server : a.ip_protocol < b.ip_protocol;
  });
  return rows;
}

}  // namespace wirewatch
