// SPDX-License-Identifier: BSD-3-Clause
// IPv4 and IPv6 addresses as one comparable, hashable value, written as RFC 5952 asks.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch {

enum class IpFamily : uint8_t { None = 0, V4 = 4, V6 = 6 };

/// An IPv4 address fills the first four bytes and leaves the rest zero; the family tells the two apart.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  IpFamily family = IpFamily::None;

  static IpAddress v4(const uint8_t* at) noexcept {
    IpAddress address;
    std::memcpy(address.bytes.data(), at, 4);
    address.family = IpFamily::V4;
    return address;
  }
  static IpAddress v6(const uint8_t* at) noexcept {
    IpAddress address;
    std::memcpy(address.bytes.data(), at, 16);
    address.family = IpFamily::V6;
    return address;
  }
  /// Reads dotted IPv4 or RFC 4291 IPv6 text.
  static Result<IpAddress> parse(std::string_view text);
  /// The same for the packet path, which has no words for what is wrong.
  static std::optional<IpAddress> from_text(std::string_view text) noexcept;

  bool empty() const noexcept { return family == IpFamily::None; }
  /// RFC 5952: lower case, the longest run of zero groups as "::".
  std::string to_string() const;
  /// Writes at most 45 characters without a terminator; returns how many. For writers of many rows.
  size_t format(char* out) const noexcept;

  friend auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;
};

/// An address and a prefix length, as in "10.0.0.0/8" or "2001:db8::/32"; an address alone is a host prefix.
struct IpPrefix {
  IpAddress address;
  uint8_t length = 0;

  static Result<IpPrefix> parse(std::string_view text);
  bool contains(const IpAddress& other) const noexcept;
  std::string to_string() const;
};

/// Is the address in one of the networks?
bool any_contains(std::span<const IpPrefix> networks, const IpAddress& address) noexcept;

}  // namespace wirewatch
