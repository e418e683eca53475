// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/tables.h"

#include <algorithm>

namespace wirewatch {

EndpointCounts& EndpointCounts::operator+=(const EndpointCounts& other) noexcept {
  sent += other.sent;
  received += other.received;
  opened += other.opened;
  accepted += other.accepted;
  return *this;
}

void ConversationCounts::name(ApplicationId candidate, uint64_t packets) noexcept {
  if (candidate == kUnknownApplication) return;
  const bool wins = packets > application_packets || (packets == application_packets && candidate < application);
  if (application != kUnknownApplication && !wins) return;
  application = candidate;
  application_packets = packets;
}

ConversationCounts& ConversationCounts::operator+=(const ConversationCounts& other) noexcept {
  connections += other.connections;
  to_server += other.to_server;
  to_client += other.to_client;
  name(other.application, other.application_packets);
  return *this;
}

Tables::Tables(size_t most_rows, size_t most_application_rows)
    : by_path(PathTable::kMost),
      by_application(most_application_rows),
      destinations(most_rows),
      endpoints(most_rows),
      conversations(most_rows) {}

void Tables::make_room(size_t frames) {
  by_application.make_room(frames * 4);
  destinations.make_room(frames * 4);  // a frame may count one, and end a flow that counts both its ends
  endpoints.make_room(frames * 4);
  conversations.make_room(frames * 2);
}

void Tables::expect_flows(size_t flows) {
  destinations.make_room(flows);
  endpoints.make_room(flows);
  conversations.make_room(flows);
}

void Tables::make_all_room() {
  by_application.make_all_room();
  destinations.make_all_room();
  endpoints.make_all_room();
  conversations.make_all_room();
}

void Tables::expect_rows(size_t applications, size_t others) {
  by_application.make_room(applications);
  expect_flows(others);
}

void Tables::count_application(uint16_t path, ApplicationId application, Side side, const Traffic& traffic) noexcept {
  if (SidedTraffic* row = by_application.at({path, application})) (*row)[side] += traffic;
}

void Tables::count_destination(const Endpoint& destination, uint8_t ip_protocol, const Traffic& traffic) noexcept {
  if (Traffic* row = destinations.at(key_of(destination, ip_protocol))) *row += traffic;
}

void Tables::count_endpoint(const IpAddress& address, const EndpointCounts& counts) noexcept {
  if (EndpointCounts* row = endpoints.at(key_of(address))) *row += counts;
}

void Tables::prefetch(const Endpoint& client, const Endpoint& server, uint8_t ip_protocol) const noexcept {
  destinations.prefetch(key_of(client, ip_protocol));
  destinations.prefetch(key_of(server, ip_protocol));
  endpoints.prefetch(key_of(client.address));
  endpoints.prefetch(key_of(server.address));
  conversations.prefetch(key_of(client.address, server, ip_protocol));
}

void Tables::prefetch_rows(const Endpoint& client, const Endpoint& server, uint8_t ip_protocol) const noexcept {
  destinations.prefetch_row(key_of(client, ip_protocol));
  destinations.prefetch_row(key_of(server, ip_protocol));
  endpoints.prefetch_row(key_of(client.address));
  endpoints.prefetch_row(key_of(server.address));
  conversations.prefetch_row(key_of(client.address, server, ip_protocol));
}

template <typename Map, typename Packets>
size_t Tables::prune(Map& map, Pruning& state, size_t places, Packets packets) noexcept {
  if (state.packets == 0) {
    if (map.size() < map.most() - map.most() / 8) return 0;
    state = {.next_place = 0, .packets = 1};
  }
  const size_t looked_at = std::min(places, map.places() - state.next_place);
  map.add_refused(map.erase_places(state.next_place, looked_at, [&](const auto& row) { return packets(row) <= state.packets; }));
  state.next_place += looked_at;
  if (state.next_place < map.places()) return looked_at;
  // Through with it: that was enough, or larger rows go next.
  const bool enough = map.size() < map.most() - map.most() / 4;
  state = {.next_place = 0, .packets = enough ? 0 : state.packets * 4};
  return looked_at;
}

void Tables::prune(size_t places) noexcept {
  places -= prune(destinations, pruning_destinations_, places, [](const Traffic& row) { return row.packets; });
  places -= prune(endpoints, pruning_endpoints_, places,
                  [](const EndpointCounts& row) { return row.sent.packets + row.received.packets; });
  prune(conversations, pruning_conversations_, places,
        [](const ConversationCounts& row) { return row.to_server.packets + row.to_client.packets; });
}

size_t Tables::memory_bytes() const noexcept {
  return by_path.size() * sizeof(SidedTraffic) + by_application.memory_bytes() + destinations.memory_bytes() +
         endpoints.memory_bytes() + conversations.memory_bytes();
}

}  // namespace wirewatch
