// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/packet/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wirewatch {
namespace {

/// One byte in decimal, as reports write them by the hundred thousand.
struct Decimal {
  std::array<char, 3> digits{};
  uint8_t length = 0;
};
constexpr auto kDecimals = [] {
  std::array<Decimal, 256> all{};
  for (unsigned value = 0; value < all.size(); ++value) {
    Decimal& one = all[value];
    if (value >= 100) one.digits[one.length++] = static_cast<char>('0' + value / 100);
    if (value >= 10) one.digits[one.length++] = static_cast<char>('0' + value / 10 % 10);
    one.digits[one.length++] = static_cast<char>('0' + value % 10);
  }
  return all;
}();

/// `out` holds three characters, even for fewer digits.
char* write_decimal(char* out, uint8_t value) noexcept {
  const Decimal& decimal = kDecimals[value];
  std::memcpy(out, decimal.digits.data(), decimal.digits.size());
  return out + decimal.length;
}

struct ZeroRun {
  int start = -1;
  int length = 0;
};

ZeroRun longest_zero_run(const std::array<uint16_t, 8>& groups) noexcept {
  ZeroRun best;
  for (int i = 0; i < 8;) {
    int end = i;
    while (end < 8 && groups[static_cast<size_t>(end)] == 0) ++end;
    if (end - i > best.length) best = {i, end - i};
    i = end + 1;
  }
  if (best.length < 2) return {};  // RFC 5952 4.2.2: one group alone is not shortened
  return best;
}

size_t format_v4(const std::array<uint8_t, 16>& bytes, char* out) noexcept {
  char* at = out;
  for (size_t i = 0; i < 4; ++i) {
    if (i != 0) *at++ = '.';
    at = write_decimal(at, bytes[i]);
  }
  return static_cast<size_t>(at - out);
}

size_t format_v6(const std::array<uint8_t, 16>& bytes, char* out) noexcept {
  std::array<uint16_t, 8> groups;
  for (size_t i = 0; i < 8; ++i) groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  const ZeroRun run = longest_zero_run(groups);
  char* at = out;
  for (int i = 0; i < 8; ++i) {
    if (i == run.start) {
      *at++ = ':';
      *at++ = ':';
      i += run.length - 1;
      continue;
    }
    const bool after_run = run.length > 0 && i == run.start + run.length;  // "::" already separates
    if (i != 0 && !after_run) *at++ = ':';
    at = std::to_chars(at, at + 4, groups[static_cast<size_t>(i)], 16).ptr;
  }
  return static_cast<size_t>(at - out);
}

Error not_an_address(std::string_view text) {
  return Error{"'" + std::string(text) + "' is not an IPv4 or IPv6 address (expected for example 10.0.0.1 or 2001:db8::1)"};
}

}  // namespace

std::optional<IpAddress> IpAddress::from_text(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  IpAddress address;
  if (inet_pton(AF_INET, terminated.data(), address.bytes.data()) == 1) {
    address.family = IpFamily::V4;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) {
    address.family = IpFamily::V6;
    return address;
  }
  return std::nullopt;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (const auto address = from_text(text)) return *address;
  return tl::unexpected(not_an_address(text));
}

size_t IpAddress::format(char* out) const noexcept {
  switch (family) {
    case IpFamily::V4:
      return format_v4(bytes, out);
    case IpFamily::V6:
      return format_v6(bytes, out);
    case IpFamily::None:
      break;
  }
  return 0;
}

std::string IpAddress::to_string() const {
  std::array<char, 46> text;
  return {text.data(), format(text.data())};
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const size_t slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  const uint8_t longest = address->family == IpFamily::V4 ? 32 : 128;
  if (slash == std::string_view::npos) return IpPrefix{*address, longest};
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (fault != std::errc() || end != digits.data() + digits.size() || length > longest) {
    return fail("'" + std::string(digits) + "' in '" + std::string(text) + "' is not a prefix length (expected 0 to " +
                std::to_string(longest) + ")");
  }
  return IpPrefix{*address, static_cast<uint8_t>(length)};
}

bool IpPrefix::contains(const IpAddress& other) const noexcept {
  if (other.family != address.family) return false;
  const size_t whole = length / 8u;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<ptrdiff_t>(whole), other.bytes.begin())) return false;
  const unsigned rest = length % 8u;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff00u >> rest);
  return ((address.bytes[whole] ^ other.bytes[whole]) & mask) == 0;
}

bool any_contains(std::span<const IpPrefix> networks, const IpAddress& address) noexcept {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpPrefix& network) { return network.contains(address); });
}

std::string IpPrefix::to_string() const { return address.to_string() + "/" + std::to_string(length); }

}  // namespace wirewatch
