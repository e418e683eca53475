// SPDX-License-Identifier: BSD-3-Clause
// The beginning of a stream put together from pieces that come in any order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace wirewatch {

inline constexpr size_t kLongestHello = 4096;  // a ClientHello with post-quantum keys takes 1,800 bytes

/// To be cleared before use: without that its memory is not touched.
class HelloBytes {
 public:
  void clear() noexcept { pieces_ = 0; }
  /// What lies beyond kLongestHello, or opens more gaps than are kept account of, is left out.
  void put(size_t offset, std::span<const uint8_t> bytes) noexcept;
  /// What is there from the start without a gap.
  std::span<const uint8_t> beginning() const noexcept;
  bool full() const noexcept { return beginning().size() == kLongestHello; }

 private:
  struct Piece {
    uint16_t begin;
    uint16_t end;
  };
  std::array<uint8_t, kLongestHello> bytes_;
  std::array<Piece, 24> of_;  // sorted, neither touching nor overlapping
  size_t pieces_;
};

}  // namespace wirewatch
