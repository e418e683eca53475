// SPDX-License-Identifier: BSD-3-Clause
// Remembers the last name a client asked for to get an address, so that a live flow without a name inside gets the one it
// was meant for. Bounded: a table of fixed size, and a ring of characters that forgets the oldest names. Nothing here
// allocates after construction. Saved captures are told by DnsLog instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/classify/dns_answer.h"

namespace wirewatch {

struct DnsMemoryCounters {
  uint64_t answers = 0;     // messages with an address in them
  uint64_t remembered = 0;  // addresses
  uint64_t replaced = 0;    // addresses forgotten for want of room before their time
};

class DnsMemory {
 public:
  /// `addresses` is rounded up to a power of two; each takes 72 bytes, and 32 characters of names.
  explicit DnsMemory(size_t addresses = 16384);

  /// What `client` was told.
  void learn(const DnsAnswer& answer, const IpAddress& client, Timestamp time) noexcept;

  /// What `client` last asked for to get `server`; empty when that is not known, too long ago, or later than `time`. Valid
  /// until learn().
  std::string_view name_of(const IpAddress& client, const IpAddress& server, Timestamp time) const noexcept;

  const DnsMemoryCounters& counters() const noexcept { return counters_; }

 private:
  struct Entry {
    IpAddress client;
    IpAddress server;
    Timestamp answered;    // first, of answers that all said the same
    int64_t expires_ns;
    uint64_t name_at;      // in all characters ever written
    uint8_t name_length;   // 0: empty
  };
  static constexpr size_t kWays = 4;

  size_t set_of(const IpAddress& client, const IpAddress& server) const noexcept;
  uint64_t keep(std::string_view name) noexcept;
  std::string_view name_in(const Entry& entry) const noexcept;
  void remember(const IpAddress& client, const DnsAddress& server, uint64_t name_at, size_t name_length, Timestamp now) noexcept;

  std::unique_ptr<Entry[]> entries_;
  std::unique_ptr<char[]> ring_;
  size_t sets_;
  size_t ring_size_;
  uint64_t written_ = 0;
  DnsMemoryCounters counters_;
};

}  // namespace wirewatch
