// SPDX-License-Identifier: BSD-3-Clause
// What a DNS message tells a client: the name it asked for and the addresses it was given (RFC 1035 section 4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/timestamp.h"
#include "dataplane/classify/host_name.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {

struct DnsAddress {
  IpAddress address;
  int64_t kept_ns = 0;  // how long after the answer the client may still go by it
};

/// `name` belongs to the reader and is valid until its next message.
struct DnsAnswer {
  static constexpr size_t kMostAddresses = 32;

  std::string_view name;
  size_t count = 0;
  std::array<DnsAddress, kMostAddresses> addresses;

  std::span<const DnsAddress> given() const noexcept { return std::span(addresses).first(count); }
};

/// The moment an answer of this time is no longer gone by. Times of captures may lie anywhere.
constexpr int64_t expiry_ns(Timestamp answered, int64_t kept_ns) noexcept {
  int64_t expiry = 0;
  return __builtin_add_overflow(answered.ns, kept_ns, &expiry) ? answered.ns : expiry;
}

class DnsAnswerReader {
 public:
  /// False for everything that is not a good answer with addresses. `message` is without the length before it over TCP.
  bool read(std::span<const uint8_t> message, DnsAnswer& answer) noexcept;

 private:
  HostName name_;
};

}  // namespace wirewatch
