// SPDX-License-Identifier: BSD-3-Clause
// What a TLS client says in its first message (RFC 8446 section 4.1.2), out of bytes that may be cut short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace wirewatch {

/// Views into the message. A field that is cut is empty.
struct ClientHelloFields {
  uint16_t version = 0;                            // legacy_version
  std::span<const uint8_t> cipher_suites;          // two bytes each
  std::span<const uint8_t> extensions;             // type, length, body; as far as they are there
  std::span<const uint8_t> server_name;            // RFC 6066 section 3
  std::span<const uint8_t> alpn;                   // RFC 7301: names with a length byte each
  std::span<const uint8_t> supported_versions;     // two bytes each
  std::span<const uint8_t> signature_algorithms;   // two bytes each
  bool has_server_name = false;                    // the extension is there, whatever it holds
  bool encrypted_hello = false;                    // RFC 9849: the names above are for onlookers, or it is a decoy
  bool complete = false;                           // all of the message was there
};

/// From the handshake message itself, as QUIC carries it.
ClientHelloFields read_client_hello(std::span<const uint8_t> message) noexcept;

/// The ClientHello at the start of a TLS stream, put together in `room` when it spans several records. `whole` says
/// whether all of it is there; otherwise as much as there is. Empty when the stream begins with something else.
struct HelloInRecords {
  std::span<const uint8_t> message;
  bool whole = false;
};
HelloInRecords hello_in_records(std::span<const uint8_t> stream, std::span<uint8_t> room) noexcept;

}  // namespace wirewatch
