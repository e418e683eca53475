// SPDX-License-Identifier: BSD-3-Clause
// Random numbers that are the same on every machine for the same seed, which std:: distributions do not promise.
#pragma once

#include <cstdint>

namespace wirewatch::mix {

/// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) noexcept : state_(seed) {}

  uint64_t next() noexcept {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// 0 up to, not including, `bound`.
  uint32_t below(uint32_t bound) noexcept {
    return static_cast<uint32_t>((static_cast<uint64_t>(static_cast<uint32_t>(next())) * bound) >> 32);
  }

  /// `low` to `high`, both included.
  uint32_t between(uint32_t low, uint32_t high) noexcept { return low + below(high - low + 1); }

  uint8_t byte() noexcept { return static_cast<uint8_t>(next()); }

 private:
  uint64_t state_;
};

}  // namespace wirewatch::mix
