// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/tables.h"

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

void Tables::make_all_room() { expect_rows(by_application.most(), destinations.most()); }

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

size_t Tables::memory_bytes() const noexcept {
  return by_path.size() * sizeof(SidedTraffic) + by_application.memory_bytes() + destinations.memory_bytes() +
         endpoints.memory_bytes() + conversations.memory_bytes();
}

}  // namespace wirewatch
