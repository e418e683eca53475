// SPDX-License-Identifier: BSD-3-Clause
// Writes messages byte by byte in network order; chained, so that a message reads like its definition. What grows the
// buffer is out of line: inlined by the dozen it makes gcc 12 see writes past the end that are not there.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/mix/random.h"

namespace wirewatch::mix {

class Bytes {
 public:
  Bytes& u8(uint32_t value) { return push(value); }
  Bytes& be16(uint32_t value) { return push(value >> 8).push(value); }
  Bytes& be24(uint32_t value) { return push(value >> 16).be16(value); }
  Bytes& be32(uint32_t value) { return be16(value >> 16).be16(value); }
  Bytes& text(std::string_view value) { return add({reinterpret_cast<const uint8_t*>(value.data()), value.size()}); }
  Bytes& add(std::span<const uint8_t> value);
  Bytes& zeros(size_t count);
  Bytes& noise(Random& random, size_t count) {
    for (size_t i = 0; i < count; ++i) push(random.byte());
    return *this;
  }
  Bytes& set_be16(size_t at, uint32_t value) {
    data_[at] = static_cast<uint8_t>(value >> 8);
    data_[at + 1] = static_cast<uint8_t>(value);
    return *this;
  }
  /// A two-byte length at `at`, of everything behind it.
  Bytes& close_be16(size_t at) { return set_be16(at, static_cast<uint32_t>(data_.size() - at - 2)); }
  Bytes& close_be24(size_t at) {
    data_[at] = static_cast<uint8_t>((data_.size() - at - 3) >> 16);
    return set_be16(at + 1, static_cast<uint32_t>(data_.size() - at - 3) & 0xffff);
  }

  size_t size() const noexcept { return data_.size(); }
  uint8_t* data() noexcept { return data_.data(); }
  std::span<const uint8_t> view() const noexcept { return data_; }
  std::vector<uint8_t> take() { return std::move(data_); }

 private:
  Bytes& push(uint32_t value);
  std::vector<uint8_t> data_;
};

}  // namespace wirewatch::mix
