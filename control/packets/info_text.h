// SPDX-License-Identifier: BSD-3-Clause
// The info column of one packet while it is put together: a line of bounded length in memory of its own, so that millions
// of lines are written without allocating. What came from the packet is escaped on the way in.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "dataplane/packet/ip_address.h"

namespace wirewatch {

/// A number as at least `digits` hexadecimal ones, without a prefix.
struct Hex {
  uint64_t value;
  int digits;
};
/// An Ethernet address: "02:00:0a:14:00:3c".
struct Mac {
  const uint8_t* at;
};
/// Text out of a packet: control characters and bytes beyond ASCII that are not UTF-8 become "\ooo" or "\n", as in tshark.
struct Escaped {
  std::string_view text;
  explicit Escaped(std::string_view from) noexcept : text(from) {}
  explicit Escaped(std::span<const uint8_t> from) noexcept
      : text(reinterpret_cast<const char*>(from.data()), from.size()) {}
};

class InfoText {
 public:
  std::string_view view() const noexcept { return {text_.data(), length_}; }
  bool empty() const noexcept { return length_ == 0; }
  size_t size() const noexcept { return length_; }
  void clear() noexcept { length_ = 0; }
  void cut(size_t length) noexcept { length_ = std::min(length, length_); }

  /// Whatever does not fit any more is left out.
  template <typename... Parts>
  InfoText& put(const Parts&... parts) noexcept {
    (put_one(parts), ...);
    return *this;
  }

 private:
  static constexpr size_t kMost = 4096;  // as tshark's

  void put_one(std::string_view text) noexcept {
    const size_t count = std::min(text.size(), kMost - length_);
    std::memcpy(text_.data() + length_, text.data(), count);
    length_ += count;
  }
  void put_one(char letter) noexcept { put_one(std::string_view(&letter, 1)); }
  template <std::integral Integer>
  requires(!std::same_as<Integer, char> && !std::same_as<Integer, bool>) void put_one(Integer number) noexcept {
    char digits[24];
    put_one(std::string_view(digits, static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)));
  }
  void put_one(Hex number) noexcept;
  void put_one(Mac address) noexcept;
  void put_one(const IpAddress& address) noexcept;
  void put_one(Escaped escaped) noexcept;

  std::array<char, kMost> text_;
  size_t length_ = 0;
};

}  // namespace wirewatch
