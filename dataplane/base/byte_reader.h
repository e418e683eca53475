// SPDX-License-Identifier: BSD-3-Clause
// The bounds-checked way to read bytes that came from a stranger: every read says whether the bytes were there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/base/byte_order.h"

namespace wirewatch {

/// A cursor over bytes somebody else owns. A read that does not fit returns nullopt and leaves the cursor alone.
class ByteReader {
 public:
  explicit constexpr ByteReader(std::span<const uint8_t> bytes) noexcept : bytes_(bytes) {}

  size_t remaining() const noexcept { return bytes_.size() - offset_; }
  size_t offset() const noexcept { return offset_; }
  bool empty() const noexcept { return remaining() == 0; }

  std::optional<uint8_t> u8() noexcept { return read<uint8_t>([](const uint8_t* at) { return *at; }); }
  std::optional<uint16_t> be16() noexcept { return read<uint16_t>(load_be16); }
  std::optional<uint32_t> be32() noexcept { return read<uint32_t>(load_be32); }
  std::optional<uint64_t> be64() noexcept { return read<uint64_t>(load_be64); }
  std::optional<uint16_t> le16() noexcept { return read<uint16_t>(load_le16); }
  std::optional<uint32_t> le32() noexcept { return read<uint32_t>(load_le32); }
  std::optional<uint64_t> le64() noexcept { return read<uint64_t>(load_le64); }
  std::optional<uint32_t> be24() noexcept {
    if (remaining() < 3) return std::nullopt;
    const uint32_t value = load_be24(bytes_.data() + offset_);
    offset_ += 3;
    return value;
  }

  std::optional<std::span<const uint8_t>> take(size_t count) noexcept {
    if (remaining() < count) return std::nullopt;
    const auto taken = bytes_.subspan(offset_, count);
    offset_ += count;
    return taken;
  }
  bool skip(size_t count) noexcept {
    if (remaining() < count) return false;
    offset_ += count;
    return true;
  }
  /// Everything that is left, without moving.
  std::span<const uint8_t> rest() const noexcept { return bytes_.subspan(offset_); }

 private:
  template <typename T, typename Load>
  std::optional<T> read(Load load) noexcept {
    if (remaining() < sizeof(T)) return std::nullopt;
    const T value = load(bytes_.data() + offset_);
    offset_ += sizeof(T);
    return value;
  }

  std::span<const uint8_t> bytes_;
  size_t offset_ = 0;
};

}  // namespace wirewatch
