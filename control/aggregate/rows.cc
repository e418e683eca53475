// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/rows.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace wirewatch {
namespace {

/// One table of every worker added up; a worker alone is not copied.
template <typename Key, typename Value>
class Sum {
 public:
  Sum(std::span<const Tables* const> workers, const BoundedMap<Key, Value> Tables::*table) {
    if (workers.size() == 1) {
      only_ = &(workers.front()->*table);
      return;
    }
    size_t most = 0;
    for (const Tables* tables : workers) most += (tables->*table).size();
    added_.emplace(std::numeric_limits<size_t>::max());
    added_->make_room(most);
    for (const Tables* tables : workers) {
      (tables->*table).for_each([&](const Key& key, const Value& value) { *added_->at(key) += value; });
    }
    only_ = &*added_;
  }
  const BoundedMap<Key, Value>& map() const noexcept { return *only_; }

 private:
  const BoundedMap<Key, Value>* only_ = nullptr;
  std::optional<BoundedMap<Key, Value>> added_;
};

template <typename Key, typename Value>
struct Entry {
  const Key* key;
  const Value* value;
};

/// The entries of a table, of which only the first `most` by `before` are in order, and the rest are cut off.
template <typename Key, typename Value, typename Before>
std::vector<Entry<Key, Value>> first_entries(const BoundedMap<Key, Value>& map, size_t most, Before before) {
  std::vector<Entry<Key, Value>> entries;
  entries.reserve(map.size());
  map.for_each([&](const Key& key, const Value& value) { entries.push_back({&key, &value}); });
  if (most < entries.size()) {
    const auto end = entries.begin() + static_cast<ptrdiff_t>(most);
    std::nth_element(entries.begin(), end, entries.end(), before);
    entries.erase(end, entries.end());
  }
  std::sort(entries.begin(), entries.end(), before);
  return entries;
}

bool address_before(const AddressKey& a, const AddressKey& b) noexcept {
  return IpAddress{a.address, a.family} < IpAddress{b.address, b.family};
}

}  // namespace

Ranked<Destination> rank_destinations(std::span<const Tables* const> workers, size_t most) {
  const Sum sum(workers, &Tables::destinations);
  BoundedMap<AddressKey, Traffic> totals(std::numeric_limits<size_t>::max());
  totals.make_room(sum.map().size());
  sum.map().for_each([&](const DestinationKey& key, const Traffic& traffic) {
    *totals.at({key.address, key.family}) += traffic;
  });
  using Total = Entry<AddressKey, Traffic>;
  const auto first = first_entries(totals, most, [](const Total& a, const Total& b) {
    return *a.value != *b.value ? *a.value > *b.value : address_before(*a.key, *b.key);
  });
  BoundedMap<AddressKey, uint64_t> place(std::numeric_limits<size_t>::max());  // index into the rows, plus one
  place.make_room(first.size() + 1);
  Ranked<Destination> ranked{.rows = {}, .all = totals.size()};
  ranked.rows.reserve(first.size());
  for (const Total& total : first) {
    ranked.rows.push_back({.address = {total.key->address, total.key->family}, .traffic = *total.value, .ports = {}});
    *place.at(*total.key) = ranked.rows.size();
  }
  sum.map().for_each([&](const DestinationKey& key, const Traffic& traffic) {
    const uint64_t* row = place.find({key.address, key.family});
    if (row == nullptr || key.ip_protocol == 0) return;
    ranked.rows[*row - 1].ports.push_back({key.ip_protocol, key.port, traffic});
  });
  for (Destination& row : ranked.rows) {
    std::sort(row.ports.begin(), row.ports.end(), [](const DestinationPort& a, const DestinationPort& b) {
      if (a.traffic != b.traffic) return a.traffic > b.traffic;
      return a.ip_protocol != b.ip_protocol ? a.ip_protocol < b.ip_protocol : a.port < b.port;
    });
  }
  return ranked;
}

Ranked<EndpointRow> rank_endpoints(std::span<const Tables* const> workers, size_t most) {
  const Sum sum(workers, &Tables::endpoints);
  using Row = Entry<AddressKey, EndpointCounts>;
  const auto traffic = [](const Row& row) {
    Traffic both = row.value->sent;
    return both += row.value->received;
  };
  Ranked<EndpointRow> ranked{.rows = {}, .all = sum.map().size()};
  for (const Row& row : first_entries(sum.map(), most, [&](const Row& a, const Row& b) {
         return traffic(a) != traffic(b) ? traffic(a) > traffic(b) : address_before(*a.key, *b.key);
       })) {
    ranked.rows.push_back({.address = {row.key->address, row.key->family},
                           .sent = row.value->sent,
                           .received = row.value->received,
                           .connections_opened = row.value->opened,
                           .connections_accepted = row.value->accepted});
  }
  return ranked;
}

Ranked<Conversation> rank_conversations(std::span<const Tables* const> workers, const RuleSet& rules, size_t most) {
  const Sum sum(workers, &Tables::conversations);
  using Row = Entry<ConversationKey, ConversationCounts>;
  const auto traffic = [](const Row& row) {
    Traffic both = row.value->to_server;
    return both += row.value->to_client;
  };
  const auto before = [&](const Row& a, const Row& b) {
    if (traffic(a) != traffic(b)) return traffic(a) > traffic(b);
    const ConversationKey &left = *a.key, &right = *b.key;
    if (left.family != right.family) return left.family < right.family;
    if (left.client != right.client) return left.client < right.client;
    if (left.server != right.server) return left.server < right.server;
    return left.server_port != right.server_port ? left.server_port < right.server_port
                                                 : left.ip_protocol < right.ip_protocol;
  };
  Ranked<Conversation> ranked{.rows = {}, .all = sum.map().size()};
  for (const Row& row : first_entries(sum.map(), most, before)) {
    ranked.rows.push_back({.client = {row.key->client, row.key->family},
                           .server = {{row.key->server, row.key->family}, row.key->server_port},
                           .ip_protocol = row.key->ip_protocol,
                           .connections = row.value->connections,
                           .to_server = row.value->to_server,
                           .to_client = row.value->to_client,
                           .application = rules.application_name(row.value->application)});
  }
  return ranked;
}

}  // namespace wirewatch
