// SPDX-License-Identifier: BSD-3-Clause
// Ends that a protocol named itself, peers of a swarm, ports of an endpoint mapper or of FTP: a transfer to one of them that
// does not show what it is, is known by that alone. Bounded; when a set is full, the end that was named longest ago is
// forgotten, and counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/packet/endpoint.h"

namespace wirewatch {

/// What was named at an end.
struct PeerTerms {
  ApplicationId application = kUnknownApplication;
  uint8_t ip_protocol = 0;      // of flows that are meant; 0: any
  bool only_listening = false;  // flows that go to the end, not those that come from it

  friend bool operator==(const PeerTerms&, const PeerTerms&) noexcept = default;
};

class PeerCache {
 public:
  static constexpr int64_t kRemembered_ns = 3'600'000'000'000;  // trackers are asked every 30 to 60 minutes

  /// Room for `most` ends, rounded up to a power of two; 48 bytes each.
  explicit PeerCache(size_t most);

  /// The end was named at `when`. Unspecified, loopback and group addresses and port 0 are no peers.
  void learn(const Endpoint& peer, const PeerTerms& terms, Timestamp when) noexcept;
  /// What a flow with this end is that was named within the hour before `first` and not after `last`; kUnknownApplication
  /// when it was not. `listening`: the end is the flow's server.
  ApplicationId find(const Endpoint& peer, bool listening, uint8_t ip_protocol, Timestamp first, Timestamp last) const noexcept;
  /// Adds what another worker learned.
  void merge(const PeerCache& other) noexcept;

  bool empty() const noexcept { return size_ == 0; }
  size_t size() const noexcept { return size_; }
  uint64_t forgotten() const noexcept { return forgotten_; }
  size_t memory_bytes() const noexcept { return entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    IpAddress address;
    uint16_t port = 0;
    PeerTerms terms;
    Timestamp earliest;
    Timestamp latest;
  };
  static constexpr size_t kWays = 8;

  size_t set_of(const Endpoint& peer) const noexcept;
  void keep(const Endpoint& peer, const PeerTerms& terms, Timestamp earliest, Timestamp latest) noexcept;

  std::vector<Entry> entries_;
  size_t size_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace wirewatch
