// SPDX-License-Identifier: BSD-3-Clause
// Opens a QUIC client's Initial packets, whose keys anyone can derive (RFC 9001 section 5.2), and gathers the ClientHello
// inside. Done for the first datagrams of a QUIC flow.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace wirewatch {

class HelloBytes;

/// Protection of the client's Initial packets, derived from the connection id the client chose.
struct QuicInitialKeys {
  std::array<uint8_t, 16> key{};
  std::array<uint8_t, 12> iv{};
  std::array<uint8_t, 16> header_protection{};
};

class QuicInitial {
 public:
  /// Fetches every OpenSSL object that packets will need; throws std::bad_alloc when that fails.
  QuicInitial();
  ~QuicInitial();
  QuicInitial(QuicInitial&&) noexcept;
  QuicInitial& operator=(QuicInitial&&) noexcept;

  /// The ClientHello as far as this datagram holds it without a gap, or empty. Knows QUIC v1, v2 and drafts
  /// 23 to 34. Valid until the next call.
  std::span<const uint8_t> client_hello(std::span<const uint8_t> datagram) noexcept;

  /// Adds the CRYPTO frames of the client's Initial packets in this datagram. `keys` are those of an earlier datagram of
  /// the connection, which the server's answer does not change; else they are derived and set. Whether any was opened.
  bool gather(std::span<const uint8_t> datagram, std::optional<QuicInitialKeys>& keys, HelloBytes& hello) noexcept;

  /// False for a version whose salt is not known.
  bool derive(uint32_t version, std::span<const uint8_t> connection_id, QuicInitialKeys& keys) noexcept;

 private:
  struct Header;
  struct State;

  /// The frames of the packet in clear, or empty.
  std::span<const uint8_t> decrypt(const Header& header, const QuicInitialKeys& keys) noexcept;

  std::unique_ptr<State> state_;
};

}  // namespace wirewatch
