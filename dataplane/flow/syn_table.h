// SPDX-License-Identifier: BSD-3-Clause
// Connection attempts of which only one bare SYN was seen: 32 bytes for IPv4, 56 for IPv6, apart from the flows, so that
// a SYN flood cannot push out a measurement. Whatever comes next for the connection turns the entry into a flow.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/base/large_memory.h"
#include "dataplane/base/prefetch.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/packet/flow_key.h"

namespace wirewatch {

/// A bare SYN as it went in and comes out again.
struct PendingSyn {
  FlowKey key;              // vlan and vni are 0: keys that hold them go to the flow table directly
  bool client_is_low = false;
  Timestamp time;
  uint32_t sequence = 0;
  uint16_t frame_length = 0;  // saturates
  uint16_t path = 0;
  uint64_t frame = 0;  // keeps its low 32 bits
};

/// One address family's entries, open addressing with linear probing and backward-shift removal.
template <size_t AddressBytes>
class SynSet {
 public:
  explicit SynSet(size_t most) : most_(most) {}

  void prefetch(uint64_t hash) const noexcept {
    if (!entries_.empty()) prefetch_to_write(&entries_[home(hash)]);
  }
  void insert(const PendingSyn& syn, uint64_t hash) noexcept;
  std::optional<PendingSyn> take(const FlowKey& key, uint64_t hash) noexcept;
  /// Some entry, to be ended for want of room.
  std::optional<PendingSyn> take_oldest_near(uint64_t hash) noexcept;
  std::optional<PendingSyn> take_any() noexcept;
  /// Takes one that is older than `before`, looking at no more than `places` places from where the last call stopped, and
  /// says in `places` how many are left. A time ahead of `now` is set back to it.
  std::optional<PendingSyn> take_older(Timestamp before, Timestamp now, size_t& places) noexcept;
  void make_room(size_t count);
  void make_all_room() { make_room(most_ - size_); }
  size_t places() const noexcept { return entries_.size(); }
  bool full() const noexcept { return size_ >= room(); }
  size_t size() const noexcept { return size_; }
  size_t memory_bytes() const noexcept { return entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    std::array<uint8_t, AddressBytes> low_address;
    std::array<uint8_t, AddressBytes> high_address;
    uint16_t low_port;
    uint16_t high_port;
    uint32_t sequence;
    Timestamp time;
    uint32_t frame;            // low 32 bits of the frame number
    uint16_t frame_length;     // never 0 in an entry in use
    uint16_t path_and_client;  // path << 1 | client_is_low
  };
  static_assert(sizeof(Entry) == 24 + 2 * AddressBytes);

  size_t room() const noexcept { return std::min(entries_.size() * 3 / 4, most_); }
  size_t mask() const noexcept { return entries_.size() - 1; }
  size_t home(uint64_t hash) const noexcept { return static_cast<size_t>(hash >> 8) & mask(); }
  static FlowKey key_of(const Entry& entry) noexcept;
  static PendingSyn unpack(const Entry& entry) noexcept;
  void remove(size_t at) noexcept;

  size_t most_;
  size_t size_ = 0;
  size_t scan_ = 0;
  size_t ageing_ = 0;  // next place to be looked at
  std::vector<Entry, LargeAllocator<Entry>> entries_;
};

/// Both families. One worker writes it.
class SynTable {
 public:
  explicit SynTable(size_t most) : v4_(most), v6_(most) {}

  void prefetch(IpFamily family, uint64_t hash) const noexcept {
    family == IpFamily::V4 ? v4_.prefetch(hash) : v6_.prefetch(hash);
  }
  /// Keeps a bare SYN. When there is no room, an older one comes back, to be reported as evicted.
  std::optional<PendingSyn> insert(const PendingSyn& syn, uint64_t hash) noexcept;
  /// Removes and returns the SYN of this connection, if one is pending.
  std::optional<PendingSyn> take(const FlowKey& key, uint64_t hash) noexcept;
  std::optional<PendingSyn> take_any() noexcept;
  /// See SynSet; each family has its own share of places to look at.
  struct Places {
    size_t v4 = 0;
    size_t v6 = 0;
  };
  std::optional<PendingSyn> take_older(Timestamp before, Timestamp now, Places& places) noexcept {
    auto syn = v4_.take_older(before, now, places.v4);
    return syn ? syn : v6_.take_older(before, now, places.v6);
  }
  void make_all_room() {
    v4_.make_all_room();
    v6_.make_all_room();
  }
  Places places() const noexcept { return {v4_.places(), v6_.places()}; }
  bool empty() const noexcept { return size() == 0; }
  size_t size() const noexcept { return v4_.size() + v6_.size(); }
  /// Between bursts, as far as the bound allows.
  void make_room(size_t count);
  size_t memory_bytes() const noexcept { return v4_.memory_bytes() + v6_.memory_bytes(); }

 private:
  SynSet<4> v4_;
  SynSet<16> v6_;
};

}  // namespace wirewatch
