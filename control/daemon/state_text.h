// SPDX-License-Identifier: BSD-3-Clause
// How state that outlives a daemon is put into bytes: numbers of eight in the machine's own order, and words with their
// length before them. It is read by the same program on the same machine, and believed only as far as it goes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace wirewatch {

class StateWriter {
 public:
  void number(uint64_t value) { text.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
  void words(std::string_view value) {
    number(value.size());
    text.append(value);
  }
  std::string text;
};

class StateReader {
 public:
  explicit StateReader(std::string_view text) : text_(text) {}
  /// 0, and `broken`, when there is none.
  uint64_t number() {
    uint64_t value = 0;
    if (text_.size() < sizeof(value)) {
      broken = true;
      return 0;
    }
    std::memcpy(&value, text_.data(), sizeof(value));
    text_.remove_prefix(sizeof(value));
    return value;
  }
  /// Empty, and `broken`, when there are not as many bytes.
  std::string_view words() {
    const uint64_t size = number();
    if (size > text_.size()) {
      broken = true;
      return {};
    }
    const std::string_view value = text_.substr(0, size);
    text_.remove_prefix(size);
    return value;
  }
  size_t left() const noexcept { return text_.size(); }
  bool broken = false;

 private:
  std::string_view text_;
};

}  // namespace wirewatch
