// SPDX-License-Identifier: BSD-3-Clause
// Unaligned loads in network and little-endian byte order. The caller has checked the bounds; code that reads
// untrusted bytes without having done so goes through ByteReader.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace wirewatch {

namespace detail {
template <typename T>
inline T load(const uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
inline uint16_t swap(uint16_t v) noexcept { return __builtin_bswap16(v); }
inline uint32_t swap(uint32_t v) noexcept { return __builtin_bswap32(v); }
inline uint64_t swap(uint64_t v) noexcept { return __builtin_bswap64(v); }
template <typename T>
inline T load_as(const uint8_t* at, std::endian order) noexcept {
  const T value = load<T>(at);
  return order == std::endian::native ? value : swap(value);
}
}  // namespace detail

inline uint16_t load_be16(const uint8_t* at) noexcept { return detail::load_as<uint16_t>(at, std::endian::big); }
inline uint32_t load_be32(const uint8_t* at) noexcept { return detail::load_as<uint32_t>(at, std::endian::big); }
inline uint64_t load_be64(const uint8_t* at) noexcept { return detail::load_as<uint64_t>(at, std::endian::big); }
inline uint16_t load_le16(const uint8_t* at) noexcept { return detail::load_as<uint16_t>(at, std::endian::little); }
inline uint32_t load_le32(const uint8_t* at) noexcept { return detail::load_as<uint32_t>(at, std::endian::little); }
inline uint64_t load_le64(const uint8_t* at) noexcept { return detail::load_as<uint64_t>(at, std::endian::little); }
inline uint32_t load_be24(const uint8_t* at) noexcept {
  return uint32_t{at[0]} << 16 | uint32_t{at[1]} << 8 | uint32_t{at[2]};
}

}  // namespace wirewatch
