// SPDX-License-Identifier: BSD-3-Clause
// Who a flow is between: the innermost addresses and ports in an order that is the same for both directions, so
// that one lookup finds the flow whichever end sent the packet.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

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

/// The same key as machine words, so that it is built, hashed and stored without going through memory in between.
struct FlowKeyWords {
  std::array<uint64_t, 2> low_address{};   // in memory order
  std::array<uint64_t, 2> high_address{};
  uint64_t ports = 0;                      // low_port, high_port, ip_protocol, family, vlan
  uint32_t vni = 0;

  static constexpr uint64_t pack(uint16_t low_port, uint16_t high_port, uint8_t ip_protocol, IpFamily family,
                                 uint16_t vlan) noexcept {
    return uint64_t{low_port} | uint64_t{high_port} << 16 | uint64_t{ip_protocol} << 32 |
           static_cast<uint64_t>(family) << 40 | uint64_t{vlan} << 48;
  }
  void tell_apart(uint16_t vlan) noexcept { ports |= uint64_t{vlan} << 48; }
  void store(FlowKey& key) const noexcept {
    auto* bytes = reinterpret_cast<uint8_t*>(&key);
    // Word by word: two words just written cannot be read back as one without waiting for them.
    std::memcpy(bytes, &low_address[0], 8);
    std::memcpy(bytes + 8, &low_address[1], 8);
    std::memcpy(bytes + 16, &high_address[0], 8);
    std::memcpy(bytes + 24, &high_address[1], 8);
    std::memcpy(bytes + 32, &ports, 8);
    std::memcpy(bytes + 40, &vni, 4);
  }
};
static_assert(std::endian::native == std::endian::little, "FlowKeyWords::pack lays the fields out for little-endian");

/// Spreads a key over 64 bits: the low bits steer to a worker, the rest pick the bucket (multiply-fold, 2 to 3 ns).
inline uint64_t hash(const FlowKeyWords& words) noexcept {
  using detail::mix;
  const uint64_t first = mix(words.low_address[0] ^ 0x9e3779b97f4a7c15u, words.high_address[0] ^ 0xd6e8feb86659fd93u);
  const uint64_t second =
      mix(words.low_address[1] ^ 0xa0761d6478bd642fu ^ words.vni, words.high_address[1] ^ 0xe7037ed1a0b428dbu);
  return mix(first ^ words.ports, second ^ 0x8ebc6af09c88c6e3u);
}

/// The ends of a packet in the order that both directions share: by address, then by port.
struct OrderedEnds {
  FlowKeyWords key;
  bool source_is_low = false;
};

/// `header` is a whole IP header of that family.
template <IpFamily Family>
inline OrderedEnds order_ends(const uint8_t* header, uint8_t ip_protocol, uint16_t source, uint16_t destination) noexcept {
  using detail::load, detail::Wide;
  // Which end is the lower one is a coin toss for every packet, so no branch may depend on it.
  std::array<uint64_t, 2> from{}, to{};
  bool source_is_low = false;
  if constexpr (Family == IpFamily::V4) {
    from[0] = load<uint32_t>(header + 12);
    to[0] = load<uint32_t>(header + 16);
    source_is_low = (uint64_t{load_be32(header + 12)} << 16 | source) <= (uint64_t{load_be32(header + 16)} << 16 | destination);
  } else {
    from = {load<uint64_t>(header + 8), load<uint64_t>(header + 16)};
    to = {load<uint64_t>(header + 24), load<uint64_t>(header + 32)};
    const Wide from_number = static_cast<Wide>(load_be64(header + 8)) << 64 | load_be64(header + 16);
    const Wide to_number = static_cast<Wide>(load_be64(header + 24)) << 64 | load_be64(header + 32);
    source_is_low = (from_number < to_number) | ((from_number == to_number) & (source <= destination));
  }
  const uint64_t swapped = source_is_low ? 0 : ~uint64_t{0};
  const std::array<uint64_t, 2> differ{(from[0] ^ to[0]) & swapped, (from[1] ^ to[1]) & swapped};
  const auto ports_differ = static_cast<uint16_t>((source ^ destination) & swapped);
  return {.key = {.low_address = {from[0] ^ differ[0], from[1] ^ differ[1]},
                  .high_address = {to[0] ^ differ[0], to[1] ^ differ[1]},
                  .ports = FlowKeyWords::pack(static_cast<uint16_t>(source ^ ports_differ),
                                              static_cast<uint16_t>(destination ^ ports_differ), ip_protocol, Family, 0)},
          .source_is_low = source_is_low};
}

inline uint64_t hash(const FlowKey& key) noexcept {
  using detail::load;
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  return hash(FlowKeyWords{.low_address = {load<uint64_t>(bytes), load<uint64_t>(bytes + 8)},
                           .high_address = {load<uint64_t>(bytes + 16), load<uint64_t>(bytes + 24)},
                           .ports = load<uint64_t>(bytes + 32),
                           .vni = key.vni});
}

}  // namespace wirewatch
