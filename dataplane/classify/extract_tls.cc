// SPDX-License-Identifier: BSD-3-Clause
// RFC 8446 section 4.1.2. A length that reaches beyond the bytes means the segment was cut: read what is
// there.
#include "dataplane/classify/extract_tls.h"

#include <algorithm>

#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr uint16_t kServerNameExtension = 0;
constexpr uint8_t kHostNameType = 0;
constexpr size_t kVersionAndRandom = 2 + 32;

/// The next `length` bytes, or as many of them as were captured.
std::span<const uint8_t> up_to(const ByteReader& reader, size_t length) noexcept {
  return reader.rest().first(std::min(length, reader.remaining()));
}

std::span<const uint8_t> host_name(std::span<const uint8_t> extension) noexcept {
  ByteReader reader(extension);
  if (!reader.be16()) return {};  // length of the list; the entries carry their own
  while (const auto type = reader.u8()) {
    const auto length = reader.be16();
    const auto name = length ? reader.take(*length) : std::nullopt;
    if (!name) return {};
    if (*type == kHostNameType) return *name;
  }
  return {};
}

}  // namespace

std::span<const uint8_t> client_hello_server_name(std::span<const uint8_t> message) noexcept {
  ByteReader header(message);
  if (header.u8() != kClientHello) return {};
  const auto length = header.be24();
  if (!length) return {};
  ByteReader hello(up_to(header, *length));
  if (!hello.skip(kVersionAndRandom)) return {};
  const auto session_id = hello.u8();
  if (!session_id || !hello.skip(*session_id)) return {};
  const auto cipher_suites = hello.be16();
  if (!cipher_suites || !hello.skip(*cipher_suites)) return {};
  const auto compression_methods = hello.u8();
  if (!compression_methods || !hello.skip(*compression_methods)) return {};
  const auto extensions_length = hello.be16();
  if (!extensions_length) return {};

  ByteReader extensions(up_to(hello, *extensions_length));
  while (const auto type = extensions.be16()) {
    const auto extension_length = extensions.be16();
    if (!extension_length) return {};
    const auto extension = extensions.take(*extension_length);
    if (!extension) return {};
    if (*type == kServerNameExtension) return host_name(*extension);
  }
  return {};
}

std::span<const uint8_t> tls_server_name(std::span<const uint8_t> payload) noexcept {
  ByteReader record(payload);
  if (record.u8() != kHandshakeRecord || !record.skip(2)) return {};
  const auto length = record.be16();
  return length ? client_hello_server_name(up_to(record, *length)) : std::span<const uint8_t>{};
}

}  // namespace wirewatch
