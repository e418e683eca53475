// SPDX-License-Identifier: BSD-3-Clause
// Who a flow is between: the innermost addresses and ports in an order that is the same for both directions, so
// that one lookup finds the flow whichever end sent the packet.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/same_bytes.h"
#include "dataplane/packet/endpoint.h"

namespace wirewatch {

struct FlowKey {
  std::array<uint8_t, 16> low_address{};   // an IPv4 address fills the first four bytes
  std::array<uint8_t, 16> high_address{};
  uint16_t low_port = 0;
  uint16_t high_port = 0;
  uint8_t ip_protocol = 0;
  IpFamily family = IpFamily::None;
  uint16_t vlan = 0;                       // outermost VLAN + 1 when the key is told to hold it, else 0
  uint32_t vni = 0;                        // VXLAN or GENEVE network + 1 when the key is told to hold it, else 0

  friend bool operator==(const FlowKey& a, const FlowKey& b) noexcept { return same_bytes(a, b); }

  Endpoint low() const noexcept { return {IpAddress{low_address, family}, low_port}; }
  Endpoint high() const noexcept { return {IpAddress{high_address, family}, high_port}; }
};
static_assert(sizeof(FlowKey) == 44, "no padding: keys are compared and hashed as bytes");

namespace detail {
__extension__ typedef unsigned __int128 Wide;

inline uint64_t mix(uint64_t a, uint64_t b) noexcept {
  const auto product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}
}  // namespace detail

/// Spreads a key over 64 bits: the low bits steer to a worker, the rest pick the bucket (multiply-fold, 2 to 3 ns).
inline uint64_t hash(const FlowKey& key) noexcept {
  using detail::load;
  using detail::mix;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  const uint64_t ports = load<uint64_t>(bytes + 32);
  const uint64_t first = mix(load<uint64_t>(bytes) ^ 0x9e3779b97f4a7c15u, load<uint64_t>(bytes + 16) ^ 0xd6e8feb86659fd93u);
  const uint64_t second =
      mix(load<uint64_t>(bytes + 8) ^ 0xa0761d6478bd642fu ^ key.vni, load<uint64_t>(bytes + 24) ^ 0xe7037ed1a0b428dbu);
  return mix(first ^ ports, second ^ 0x8ebc6af09c88c6e3u);
}

}  // namespace wirewatch
