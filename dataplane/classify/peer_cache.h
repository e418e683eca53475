// SPDX-License-Identifier: BSD-3-Clause
// Ends that a protocol named itself, peers of a swarm or ports of an endpoint mapper: an encrypted transfer to one of them
// is known by that alone. Bounded; when a set is full, the end that was named longest ago is forgotten, and counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/packet/endpoint.h"

namespace wirewatch {

class PeerCache {
 public:
  static constexpr int64_t kRemembered_ns = 3'600'000'000'000;  // trackers are asked every 30 to 60 minutes

  /// Room for `most` ends, rounded up to a power of two; 48 bytes each.
  explicit PeerCache(size_t most);

  /// `application` named this end at `when`. Unspecified, loopback and group addresses and port 0 are no peers.
  void learn(const Endpoint& peer, ApplicationId application, Timestamp when) noexcept;
  /// Who named this end within the hour before `last` and not after it; kUnknownApplication when nobody did.
  ApplicationId find(const Endpoint& peer, Timestamp first, Timestamp last) const noexcept;
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
    ApplicationId application = kUnknownApplication;
    Timestamp earliest;
    Timestamp latest;
  };
  static constexpr size_t kWays = 8;

  size_t set_of(const Endpoint& peer) const noexcept;
  void keep(const Endpoint& peer, ApplicationId application, Timestamp earliest, Timestamp latest) noexcept;

  std::vector<Entry> entries_;
  size_t size_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace wirewatch
