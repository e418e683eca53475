// SPDX-License-Identifier: BSD-3-Clause
// The server name a TLS client asks for (RFC 6066 section 3), out of a ClientHello that may be cut short.
#pragma once

#include <cstdint>
#include <span>

namespace wirewatch {

/// From a TCP payload that begins with a TLS record; empty when there is no complete name in it.
std::span<const uint8_t> tls_server_name(std::span<const uint8_t> payload) noexcept;

/// From the handshake message itself, as QUIC carries it without a record layer.
std::span<const uint8_t> client_hello_server_name(std::span<const uint8_t> message) noexcept;

}  // namespace wirewatch
