// SPDX-License-Identifier: BSD-3-Clause
// Buffered writing to a file descriptor or into a string for writers of many rows: no allocation and no
// formatting library per value.
#pragma once

#include <charconv>
#include <concepts>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "dataplane/base/timestamp.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {

/// Characters a timestamp needs at most: sign, ten digits of seconds, the point and nine digits.
inline constexpr size_t kTimestampRoom = 24;
/// Writes "seconds.nnnnnnnnn", with a minus sign before the epoch; returns the end. `out` holds
/// kTimestampRoom.
char* format_timestamp(Timestamp time, char* out) noexcept;

/// The first failure is remembered and everything after it discarded, so that writers need not look after
/// each value: whoever opened the output asks finish() once. The descriptor is not owned.
class Output {
 public:
  explicit Output(int fd) : fd_(fd), buffer_(std::make_unique<char[]>(kCapacity)), at_(buffer_.get()) {}
  /// Appends to `text`, which must not go away before finish().
  explicit Output(std::string& text) : Output(-1) { text_ = &text; }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Room for `count` characters (at most kLongestRoom), to be followed by advance() with the end of what was
  /// used.
  char* room(size_t count) noexcept {
    if (left() < count) flush();
    return at_;
  }
  void advance(char* end) noexcept { at_ = end; }

  void put(char one) noexcept {
    *room(1) = one;
    ++at_;
  }
  void put(std::string_view text) noexcept {
    if (text.size() > left()) return put_long(text);
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  template <std::integral Integer>
  requires(!std::same_as<Integer, char> && !std::same_as<Integer, bool>) void put(Integer value) noexcept {
    char* to = room(kLongestInteger);
    at_ = std::to_chars(to, to + kLongestInteger, value).ptr;
  }
  void put(double value) noexcept {
    if (value != value || value - value != 0) return put(std::string_view("null"));  // neither NaN nor infinity
    char* to = room(kLongestDouble);
    at_ = std::to_chars(to, to + kLongestDouble, value).ptr;
  }
  void put(const IpAddress& address) noexcept {
    char* to = room(kLongestAddress);
    at_ = to + address.format(to);
  }
  void put(Timestamp time) noexcept { at_ = format_timestamp(time, room(kTimestampRoom)); }

  /// Hands the rest to the kernel and says what went wrong first, if anything did.
  std::error_code finish() noexcept {
    flush();
    return error_;
  }

  static constexpr size_t kLongestRoom = 4096;

 private:
  static constexpr size_t kCapacity = 256 * 1024;
  static constexpr size_t kLongestInteger = 20;
  static constexpr size_t kLongestDouble = 32;
  static constexpr size_t kLongestAddress = 45;

  size_t left() const noexcept { return static_cast<size_t>(buffer_.get() + kCapacity - at_); }
  void put_long(std::string_view text) noexcept;
  void flush() noexcept;
  void write_all(std::string_view text) noexcept;

  int fd_;
  std::string* text_ = nullptr;  // in place of the descriptor
  std::unique_ptr<char[]> buffer_;
  char* at_;
  std::error_code error_;
};

}  // namespace wirewatch
