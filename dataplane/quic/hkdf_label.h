// SPDX-License-Identifier: BSD-3-Clause
// What HKDF-Expand-Label hashes (RFC 8446 section 7.1), without context, for at most one block of output.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace wirewatch::quic {

class HkdfLabel {
 public:
  /// `length` of the output in bytes; a label beyond 40 bytes, of which there is none, is cut.
  HkdfLabel(std::string_view label, size_t length) noexcept {
    constexpr std::string_view kTls13 = "tls13 ";
    label = {label.data(), std::min(label.size(), kMostLabel)};
    add(0);
    add(static_cast<uint8_t>(length));
    add(static_cast<uint8_t>(kTls13.size() + label.size()));
    for (const std::string_view part : {kTls13, label}) {
      for (const char c : part) add(static_cast<uint8_t>(c));
    }
    add(0);  // no context
    add(1);  // the first and only block of HKDF-Expand
  }
  std::span<const uint8_t> bytes() const noexcept { return std::span(bytes_).first(size_); }

 private:
  static constexpr size_t kMostLabel = 40;

  void add(uint8_t byte) noexcept { bytes_[size_++] = byte; }

  std::array<uint8_t, kMostLabel + 11> bytes_{};
  size_t size_ = 0;
};

}  // namespace wirewatch::quic
