// SPDX-License-Identifier: BSD-3-Clause
// A client and the address it was told, hashed: what the memories of DNS answers are looked up by.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/ip_address.h"

namespace wirewatch {

inline uint64_t hash_of_pair(const IpAddress& client, const IpAddress& server) noexcept {
  std::array<uint64_t, 4> words;
  std::memcpy(words.data(), client.bytes.data(), 16);
  std::memcpy(words.data() + 2, server.bytes.data(), 16);
  uint64_t hash = 0x9e3779b97f4a7c15;
  for (const uint64_t word : words) {
    hash = (hash ^ word) * 0xd6e8feb86659fd93;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace wirewatch
