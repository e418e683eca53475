// SPDX-License-Identifier: BSD-3-Clause
// A host name from a stranger's packet, made safe to show, compare and look up.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace wirewatch {

/// RFC 1035 allows 253 characters in text; some of slack for what is seen in the wild.
inline constexpr size_t kLongestHostName = 255;

class HostName {
 public:
  /// Takes `host`, `host:port` or `[v6]:port`; keeps the host in lower case without a final dot. Anything
  /// that is too long or has a character no host name has leaves it empty. The view is valid until the next
  /// call.
  std::string_view assign(std::span<const uint8_t> text) noexcept;

 private:
  std::array<char, kLongestHostName> characters_{};
};

}  // namespace wirewatch
