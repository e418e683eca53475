// SPDX-License-Identifier: BSD-3-Clause
// All names that were read inside one flow, as one string of bytes: that is how a worker keeps them, how they cross the
// event ring and how a report holds them. A view; whoever keeps the bytes owns them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/base/host_source.h"

namespace wirewatch {

class NameSheet {
 public:
  struct Names {
    std::string_view host;
    std::string_view alpn;        // the first protocol a TLS client offers
    std::string_view ja4;
    std::string_view user_agent;
    HostSource host_source = HostSource::None;
    bool encrypted_hello = false;  // the ClientHello offers ECH, so `host` may be a front
  };
  // What is longer is cut off.
  static constexpr size_t kLongestHost = 255, kLongestAlpn = 32, kLongestJa4 = 40, kLongestUserAgent = 152;
  static constexpr size_t kMost = 5 + kLongestHost + kLongestAlpn + kLongestJa4 + kLongestUserAgent;
  static constexpr size_t kMostWithoutHost = kMost - kLongestHost;

  NameSheet() = default;
  /// Bytes that pack() did not make are an empty sheet.
  explicit NameSheet(std::string_view packed) noexcept {
    if (packed.size() < kHeader || (byte(packed, 0) & kSource) > static_cast<uint8_t>(kLastHostSource)) return;
    size_t size = kHeader;
    for (size_t i = 0; i < kTexts; ++i) size += byte(packed, 1 + i);
    if (size == packed.size()) packed_ = packed;
  }

  /// The sheet's bytes, in `room`; none when there is nothing to keep.
  static std::string_view pack(const Names& names, std::array<char, kMost>& room) noexcept {
    const std::array<std::string_view, kTexts> texts{
        names.host.substr(0, kLongestHost), names.alpn.substr(0, kLongestAlpn), names.ja4.substr(0, kLongestJa4),
        names.user_agent.substr(0, kLongestUserAgent)};
    size_t size = kHeader;
    for (size_t i = 0; i < kTexts; ++i) {
      room[1 + i] = static_cast<char>(texts[i].size());
      std::copy_n(texts[i].data(), texts[i].size(), room.data() + size);
      size += texts[i].size();
    }
    if (size == kHeader && !names.encrypted_hello) return {};
    room[0] = static_cast<char>(static_cast<uint8_t>(names.host_source) | (names.encrypted_hello ? kEncryptedHello : 0));
    return {room.data(), size};
  }

  bool empty() const noexcept { return packed_.empty(); }
  std::string_view packed() const noexcept { return packed_; }
  std::string_view host() const noexcept { return text(0); }
  std::string_view alpn() const noexcept { return text(1); }
  std::string_view ja4() const noexcept { return text(2); }
  std::string_view user_agent() const noexcept { return text(3); }
  HostSource host_source() const noexcept {
    return empty() ? HostSource::None : static_cast<HostSource>(byte(packed_, 0) & kSource);
  }
  bool encrypted_hello() const noexcept { return !empty() && (byte(packed_, 0) & kEncryptedHello) != 0; }
  Names names() const noexcept { return {host(), alpn(), ja4(), user_agent(), host_source(), encrypted_hello()}; }

 private:
  static constexpr size_t kTexts = 4, kHeader = 1 + kTexts;  // flags, then the texts' lengths, then the texts
  static constexpr uint8_t kSource = 0x0f, kEncryptedHello = 0x80;

  static uint8_t byte(std::string_view bytes, size_t at) noexcept { return static_cast<uint8_t>(bytes[at]); }
  std::string_view text(size_t which) const noexcept {
    if (empty()) return {};
    size_t begin = kHeader;
    for (size_t i = 0; i < which; ++i) begin += byte(packed_, 1 + i);
    return packed_.substr(begin, byte(packed_, 1 + which));
  }

  std::string_view packed_;
};

}  // namespace wirewatch
