// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/rows.h"

#include <algorithm>
#include <limits>

#include "control/aggregate/sort_by_number.h"
#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

/// One table of every worker added up; what one worker alone has is not copied.
template <typename Key, typename Value>
class Sum {
 public:
  Sum(std::span<const Tables* const> workers, const BoundedMap<Key, Value> Tables::*table) {
    for (const Tables* tables : workers) {
      const BoundedMap<Key, Value>& more = tables->*table;
      if (more.size() == 0) continue;
      if (only_->size() == 0) {
        only_ = &more;
      } else {
        if (only_ != &added_) added_ = *only_;
        only_ = &added_;
        added_.add_all(more);
      }
    }
  }
  const BoundedMap<Key, Value>& map() const noexcept { return *only_; }

 private:
  BoundedMap<Key, Value> added_{0};
  const BoundedMap<Key, Value>* only_ = &added_;
};

/// A row of a table on its way into order. What decides nearly every comparison stands here, so that sorting does not
/// chase pointers all over the table.
template <typename Key, typename Value>
struct Entry {
  Traffic traffic;
  uint64_t address = 0;  // the first eight bytes
  const Key* key = nullptr;
  const Value* value = nullptr;
};

/// The first `most` rows of a table in order: most packets first, then most bytes, then by `key_before`.
template <typename Key, typename Value, typename TrafficOf, typename KeyBefore>
std::vector<Entry<Key, Value>> first_entries(const BoundedMap<Key, Value>& map, size_t most, TrafficOf traffic_of,
                                             KeyBefore key_before) {
  std::vector<Entry<Key, Value>> entries;
  entries.reserve(map.size());
  map.for_each([&](const Key& key, const Value& value) {
    entries.push_back({traffic_of(value), load_be64(reinterpret_cast<const uint8_t*>(&key)), &key, &value});
  });
  const auto before = [&](const Entry<Key, Value>& a, const Entry<Key, Value>& b) {
    if (a.traffic != b.traffic) return a.traffic > b.traffic;
    return a.address != b.address ? a.address < b.address : key_before(*a.key, *b.key);
  };
  if (most < entries.size()) {
    const auto end = entries.begin() + static_cast<ptrdiff_t>(most);
    std::nth_element(entries.begin(), end, entries.end(), before);
    entries.erase(end, entries.end());
  }
  sort_by_number(entries, [](const Entry<Key, Value>& entry) { return most_first(entry.traffic); }, before);
  return entries;
}

/// What went to one address, whatever the port.
struct AddressTotal {
  Traffic traffic;
  uint64_t number = 0;  // of the address, from 1
};

bool address_before(const AddressKey& a, const AddressKey& b) noexcept {
  return IpAddress{a.address, a.family} < IpAddress{b.address, b.family};
}

bool conversation_before(const ConversationKey& a, const ConversationKey& b) noexcept {
  if (a.client != b.client) return a.client < b.client;
  if (a.server != b.server) return a.server < b.server;
  if (a.family != b.family) return a.family < b.family;
  return a.server_port != b.server_port ? a.server_port < b.server_port : a.ip_protocol < b.ip_protocol;
}

constexpr uint32_t service_of(const DestinationPort& port) noexcept { return uint32_t{port.ip_protocol} << 16 | port.port; }

/// Adds up what several workers counted for one port of an address; the first so many are left, in no order to be relied on.
size_t add_up_ports(std::span<DestinationPort> ports) noexcept {
  std::sort(ports.begin(), ports.end(), [](const DestinationPort& a, const DestinationPort& b) { return service_of(a) < service_of(b); });
  size_t count = 0;
  for (const DestinationPort& port : ports) {
    if (count > 0 && service_of(ports[count - 1]) == service_of(port)) {
      ports[count - 1].traffic += port.traffic;
    } else {
      ports[count++] = port;
    }
  }
  return count;
}

Traffic both_ways(const Traffic& there, const Traffic& back) noexcept {
  return {there.packets + back.packets, there.bytes + back.bytes};
}

}  // namespace

Ranked<Destination> rank_destinations(std::span<const Tables* const> workers, size_t most) {
  // The rows of all workers are gone through one after the other, always in the same order, and not added up before.
  const auto for_each_row = [&](auto visit) {
    for (const Tables* tables : workers) tables->destinations.for_each(visit);
  };
  size_t row_count = 0;
  for (const Tables* tables : workers) row_count += tables->destinations.size();
  BoundedMap<AddressKey, AddressTotal> totals(std::numeric_limits<size_t>::max());
  totals.make_room(row_count);
  std::vector<uint32_t> number_of;  // the address of each row
  number_of.reserve(row_count);
  for_each_row([&](const DestinationKey& key, const Traffic& traffic) {
    AddressTotal& total = *totals.at({key.address, key.family});
    if (total.number == 0) total.number = totals.size();
    total.traffic += traffic;
    number_of.push_back(static_cast<uint32_t>(total.number));
  });
  const auto first = first_entries(totals, most, [](const AddressTotal& total) { return total.traffic; }, address_before);
  std::vector<uint32_t> place(totals.size() + 1);  // by number: index into the rows, plus one
  Ranked<Destination> ranked{.rows = {}, .all = totals.size()};
  ranked.rows.reserve(first.size());
  for (const auto& total : first) {
    ranked.rows.push_back({.address = {total.key->address, total.key->family}, .traffic = total.traffic, .ports = {}});
    place[total.value->number] = static_cast<uint32_t>(ranked.rows.size());
  }
  // Ports are brought beside those of the same row first, so that lists are made once, and lie in the order of the rows.
  std::vector<uint32_t>& row_of = number_of;
  std::vector<size_t> begin(first.size() + 2);
  auto its_number = number_of.begin();
  for_each_row([&](const DestinationKey& key, const Traffic&) {
    uint32_t& at = *its_number++;
    at = key.ip_protocol == 0 ? 0 : place[at];
    if (at != 0) ++begin[at + 1];
  });
  for (size_t i = 2; i < begin.size(); ++i) begin[i] += begin[i - 1];
  std::vector<DestinationPort> ports(begin.back());
  auto next = begin;
  auto its_row = row_of.begin();
  for_each_row([&](const DestinationKey& key, const Traffic& traffic) {
    if (const uint32_t at = *its_row++; at != 0) ports[next[at]++] = {key.ip_protocol, key.port, traffic};
  });
  for (size_t i = 0; i < ranked.rows.size(); ++i) {
    const auto its_ports = std::span(ports).subspan(begin[i + 1], begin[i + 2] - begin[i + 1]);
    const size_t count = workers.size() > 1 ? add_up_ports(its_ports) : its_ports.size();
    std::sort(its_ports.begin(), its_ports.begin() + static_cast<ptrdiff_t>(count), [](const DestinationPort& a, const DestinationPort& b) {
      return a.traffic != b.traffic ? a.traffic > b.traffic : service_of(a) < service_of(b);
    });
    ranked.rows[i].ports.assign(its_ports.begin(), its_ports.begin() + static_cast<ptrdiff_t>(count));
  }
  return ranked;
}

Ranked<EndpointRow> rank_endpoints(std::span<const Tables* const> workers, size_t most) {
  const Sum sum(workers, &Tables::endpoints);
  Ranked<EndpointRow> ranked{.rows = {}, .all = sum.map().size()};
  const auto traffic_of = [](const EndpointCounts& counts) { return both_ways(counts.sent, counts.received); };
  for (const auto& row : first_entries(sum.map(), most, traffic_of, address_before)) {
    ranked.rows.push_back({.address = {row.key->address, row.key->family},
                           .sent = row.value->sent,
                           .received = row.value->received,
                           .connections_opened = row.value->opened,
                           .connections_accepted = row.value->accepted});
  }
  return ranked;
}

Ranked<Conversation> rank_conversations(std::span<const Tables* const> workers, const ApplicationNames& applications, size_t most) {
  const Sum sum(workers, &Tables::conversations);
  Ranked<Conversation> ranked{.rows = {}, .all = sum.map().size()};
  const auto traffic_of = [](const ConversationCounts& counts) { return both_ways(counts.to_server, counts.to_client); };
  for (const auto& row : first_entries(sum.map(), most, traffic_of, conversation_before)) {
    ranked.rows.push_back({.client = {row.key->client, row.key->family},
                           .server = {{row.key->server, row.key->family}, row.key->server_port},
                           .ip_protocol = row.key->ip_protocol,
                           .connections = row.value->connections,
                           .to_server = row.value->to_server,
                           .to_client = row.value->to_client,
                           .application = applications.name(row.value->application)});
  }
  return ranked;
}

}  // namespace wirewatch
