// SPDX-License-Identifier: BSD-3-Clause
// Everything one worker counts per protocol path, application, address, port and conversation. Workers share nothing;
// whoever reports adds the tables of all workers up, and the sums do not depend on how packets were spread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/base/verdict.h"
#include "dataplane/packet/endpoint.h"
#include "dataplane/stats/bounded_map.h"
#include "dataplane/stats/hierarchy.h"

namespace wirewatch {

/// Frames that carry payload of one application at the end of one path. Unknown is payload that nothing claims.
struct PathApplication {
  uint16_t path = 0;
  ApplicationId application = kUnknownApplication;
  friend bool operator==(const PathApplication& a, const PathApplication& b) noexcept { return same_bytes(a, b); }
};

/// A row of "destinations and ports"; ip_protocol 0 and port 0 for what has no ports.
struct DestinationKey {
  std::array<uint8_t, 16> address{};
  uint16_t port = 0;
  IpFamily family = IpFamily::None;
  uint8_t ip_protocol = 0;
  friend bool operator==(const DestinationKey& a, const DestinationKey& b) noexcept { return same_bytes(a, b); }
};

struct AddressKey {
  std::array<uint8_t, 16> address{};
  IpFamily family = IpFamily::None;
  friend bool operator==(const AddressKey& a, const AddressKey& b) noexcept { return same_bytes(a, b); }
};

struct EndpointCounts {
  Traffic sent;
  Traffic received;
  uint64_t opened = 0;    // flows of which it is the client
  uint64_t accepted = 0;  // flows of which it is the server

  EndpointCounts& operator+=(const EndpointCounts& other) noexcept;
};

/// The initiator view: who opened connections to whom, and to which port.
struct ConversationKey {
  std::array<uint8_t, 16> client{};
  std::array<uint8_t, 16> server{};
  uint16_t server_port = 0;
  IpFamily family = IpFamily::None;
  uint8_t ip_protocol = 0;
  friend bool operator==(const ConversationKey& a, const ConversationKey& b) noexcept { return same_bytes(a, b); }
};

struct ConversationCounts {
  uint64_t connections = 0;
  Traffic to_server;
  Traffic to_client;
  uint64_t application_packets = 0;  // of the largest flow with a name,
  ApplicationId application = kUnknownApplication;  // and that name

  /// Keeps the name of the larger flow; equal ones by the lower id, so that the order of adding does not matter.
  void name(ApplicationId candidate, uint64_t packets) noexcept;
  ConversationCounts& operator+=(const ConversationCounts& other) noexcept;
};

class Tables {
 public:
  static constexpr size_t kApplicationRows = size_t{PathTable::kMost} * 16;

  explicit Tables(size_t most_rows, size_t most_application_rows = kApplicationRows);

  /// Between bursts: room in every table for what `frames` frames and as many ending flows may add.
  void make_room(size_t frames);
  /// Before many flows end at once: most of the room they will want, so that the tables are not doubled again and again.
  void expect_flows(size_t flows);

  /// Room for as many rows as there may ever be.
  void make_all_room();
  /// For a copy: room for this many rows by application and this many of each of the others.
  void expect_rows(size_t applications, size_t others);

  PathTable paths;
  std::vector<SidedTraffic> by_path;  // index is the path's number
  BoundedMap<PathApplication, SidedTraffic> by_application;
  BoundedMap<DestinationKey, Traffic> destinations;
  BoundedMap<AddressKey, EndpointCounts> endpoints;
  BoundedMap<ConversationKey, ConversationCounts> conversations;

  void count_path(uint16_t path, Side side, const Traffic& traffic) noexcept { by_path[path][side] += traffic; }
  void count_application(uint16_t path, ApplicationId application, Side side, const Traffic& traffic) noexcept;
  void count_destination(const Endpoint& destination, uint8_t ip_protocol, const Traffic& traffic) noexcept;
  void count_endpoint(const IpAddress& address, const EndpointCounts& counts) noexcept;
  /// Brings the rows near that a flow between these ends is going to be counted in.
  void prefetch(const Endpoint& client, const Endpoint& server, uint8_t ip_protocol) const noexcept;
  /// The same, some time later: the first fetches where the rows are, this what is in them.
  void prefetch_rows(const Endpoint& client, const Endpoint& server, uint8_t ip_protocol) const noexcept;

  /// For tables that are never emptied: while one is nearly full, forgets rows of few packets, looking at no more than
  /// `places` places from where the last call stopped. What it forgets counts as refused.
  void prune(size_t places) noexcept;

  size_t memory_bytes() const noexcept;

 private:
  struct Pruning {
    size_t next_place = 0;
    uint64_t packets = 0;  // rows of no more than this are going; 0 when there is room
  };
  template <typename Map, typename Packets>
  static size_t prune(Map& map, Pruning& state, size_t places, Packets packets) noexcept;

  Pruning pruning_destinations_, pruning_endpoints_, pruning_conversations_;
};

inline AddressKey key_of(const IpAddress& address) noexcept { return {address.bytes, address.family}; }

namespace detail {
/// The last fields of a key in one store: the hash reads them as one word, which would have to wait for the memory behind
/// everything written before if they were stored one by one.
template <typename Key>
void store_service(Key& key, uint16_t port, IpFamily family, uint8_t ip_protocol) noexcept {
  constexpr size_t kAt = sizeof(Key) - sizeof(uint32_t);
  static_assert(offsetof(Key, family) == kAt + 2 && offsetof(Key, ip_protocol) == kAt + 3);
  const uint32_t word = port | static_cast<uint32_t>(family) << 16 | static_cast<uint32_t>(ip_protocol) << 24;
  std::memcpy(reinterpret_cast<uint8_t*>(&key) + kAt, &word, sizeof word);
}
}  // namespace detail

inline DestinationKey key_of(const Endpoint& destination, uint8_t ip_protocol) noexcept {
  DestinationKey key{.address = destination.address.bytes};
  detail::store_service(key, destination.port, destination.address.family, ip_protocol);
  return key;
}
inline ConversationKey key_of(const IpAddress& client, const Endpoint& server, uint8_t ip_protocol) noexcept {
  ConversationKey key{.client = client.bytes, .server = server.address.bytes};
  detail::store_service(key, server.port, client.family, ip_protocol);
  return key;
}

}  // namespace wirewatch
