// SPDX-License-Identifier: BSD-3-Clause
// Opens a QUIC client's Initial packets, whose keys anyone can derive (RFC 9001 section 5.2), and gathers the ClientHello
// inside. Done for the first datagrams of a QUIC flow.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/quic/initial_packet.h"

namespace wirewatch {

class HelloBytes;

class QuicInitial {
 public:
  /// Fetches every OpenSSL object that packets will need; throws std::bad_alloc when that fails.
  QuicInitial();
  ~QuicInitial();
  QuicInitial(QuicInitial&&) noexcept;
  QuicInitial& operator=(QuicInitial&&) noexcept;

  /// The ClientHello as far as this datagram holds it without a gap, or empty. Valid until the next call.
  std::span<const uint8_t> client_hello(std::span<const uint8_t> datagram) noexcept;

  /// Adds the CRYPTO frames of the client's Initial packets in this datagram. `keys` are those of an earlier datagram of
  /// the connection, which the server's answer does not change; else they are derived and set. Whether any was opened.
  bool gather(std::span<const uint8_t> datagram, std::optional<quic::InitialKeys>& keys, HelloBytes& hello) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wirewatch
