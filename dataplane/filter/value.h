// SPDX-License-Identifier: BSD-3-Clause
// A value of a field, of a literal or of an expression, and where in a frame it occurred.
#pragma once

#include <cstdint>
#include <span>

namespace wirewatch::filter {

/// What of it counts follows from the type: numbers, booleans, times (nanoseconds as int64) and IPv4 addresses (host
/// byte order) are in `number`; MAC and IPv6 addresses, bytes, strings and protocols at `data`, owned by the frame or by
/// the walk. The last `free_bits` of an address in a literal do not count.
struct Value {
  const uint8_t* data = nullptr;
  uint64_t number = 0;
  uint32_t length = 0;  // of `data`
  uint8_t free_bits = 0;

  static Value of(uint64_t number) noexcept { return {nullptr, number, 0, 0}; }
  static Value of_signed(int64_t number) noexcept { return {nullptr, static_cast<uint64_t>(number), 0, 0}; }
  static Value of(std::span<const uint8_t> bytes) noexcept {
    return {bytes.data(), 0, static_cast<uint32_t>(bytes.size()), 0};
  }

  std::span<const uint8_t> bytes() const noexcept { return {data, length}; }
  int64_t signed_number() const noexcept { return static_cast<int64_t>(number); }
};

struct Occurrence {
  Value value;
  uint16_t slot = 0;   // which wanted field
  uint16_t layer = 0;  // the first, second, ... header of its protocol in the frame
};

}  // namespace wirewatch::filter
