// SPDX-License-Identifier: BSD-3-Clause
// Equality of plain keys word by word: a call to memcmp costs more than the comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dataplane/base/byte_order.h"

namespace wirewatch {

template <typename Key>
inline bool same_bytes(const Key& a, const Key& b) noexcept {
  static_assert(std::has_unique_object_representations_v<Key>, "padding would be compared");
  const auto* left = reinterpret_cast<const uint8_t*>(&a);
  const auto* right = reinterpret_cast<const uint8_t*>(&b);
  uint64_t difference = 0;
  size_t at = 0;
  for (; at + 8 <= sizeof(Key); at += 8) {
    difference |= detail::load<uint64_t>(left + at) ^ detail::load<uint64_t>(right + at);
  }
  if constexpr (sizeof(Key) % 8 >= 4) {
    difference |= detail::load<uint32_t>(left + at) ^ detail::load<uint32_t>(right + at);
    at += 4;
  }
  for (; at < sizeof(Key); ++at) difference |= static_cast<uint64_t>(left[at] ^ right[at]);
  return difference == 0;
}

}  // namespace wirewatch
