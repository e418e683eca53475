// SPDX-License-Identifier: BSD-3-Clause
// A length that reaches beyond the bytes means the message was cut: read what is there.
#include "dataplane/classify/client_hello.h"

#include <algorithm>
#include <cstring>

#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHello = 1;
constexpr size_t kRecordHeader = 5;
constexpr size_t kMessageHeader = 4;
constexpr size_t kRandom = 32;

namespace extension {  // IANA, TLS ExtensionType values
constexpr uint16_t kServerName = 0, kSignatureAlgorithms = 13, kAlpn = 16, kSupportedVersions = 43, kEncryptedHello = 0xfe0d;
}

std::span<const uint8_t> up_to(const ByteReader& reader, size_t length) noexcept {
  return reader.rest().first(std::min(length, reader.remaining()));
}

std::span<const uint8_t> host_name(std::span<const uint8_t> body) noexcept {
  ByteReader reader(body);
  if (!reader.be16()) return {};  // length of the list; the entries carry their own
  while (const auto type = reader.u8()) {
    const auto length = reader.be16();
    const auto name = length ? reader.take(*length) : std::nullopt;
    if (!name) return {};
    if (*type == 0) return *name;
  }
  return {};
}

/// The list behind a length of one or two bytes.
std::span<const uint8_t> list_of(std::span<const uint8_t> body, size_t length_size) noexcept {
  ByteReader reader(body);
  const auto length = length_size == 1 ? std::optional<uint16_t>(reader.u8()) : reader.be16();
  return length ? reader.take(*length).value_or(std::span<const uint8_t>{}) : std::span<const uint8_t>{};
}

void read_extension(uint16_t type, std::span<const uint8_t> body, ClientHelloFields& fields) noexcept {
  switch (type) {
    case extension::kServerName:
      fields.has_server_name = true;
      fields.server_name = host_name(body);
      return;
    case extension::kSignatureAlgorithms:
      fields.signature_algorithms = list_of(body, 2);
      return;
    case extension::kAlpn:
      fields.alpn = list_of(body, 2);
      return;
    case extension::kSupportedVersions:
      fields.supported_versions = list_of(body, 1);
      return;
    case extension::kEncryptedHello:
      fields.encrypted_hello = true;
      return;
    default:
      return;
  }
}

}  // namespace

ClientHelloFields read_client_hello(std::span<const uint8_t> message) noexcept {
  ClientHelloFields fields;
  ByteReader header(message);
  if (header.u8() != kClientHello) return fields;
  const auto length = header.be24();
  if (!length) return fields;
  const bool whole = *length <= header.remaining();
  ByteReader hello(up_to(header, *length));
  fields.version = hello.be16().value_or(0);
  if (!hello.skip(kRandom)) return fields;
  const auto session_id = hello.u8();
  if (!session_id || !hello.skip(*session_id)) return fields;
  const auto suites_length = hello.be16();
  const auto suites = suites_length ? hello.take(*suites_length) : std::nullopt;
  if (!suites) return fields;
  fields.cipher_suites = *suites;
  const auto compression_methods = hello.u8();
  if (!compression_methods || !hello.skip(*compression_methods)) return fields;
  const auto extensions_length = hello.be16();
  if (!extensions_length) {
    fields.complete = whole && hello.empty();  // SSL 3.0 and old TLS 1.0 clients have no extensions
    return fields;
  }
  fields.extensions = up_to(hello, *extensions_length);
  fields.complete = whole && fields.extensions.size() == *extensions_length;
  ByteReader extensions(fields.extensions);
  while (const auto type = extensions.be16()) {
    const auto size = extensions.be16();
    const auto body = size ? extensions.take(*size) : std::nullopt;
    if (!body) return fields;
    read_extension(*type, *body, fields);
  }
  return fields;
}

HelloInRecords hello_in_records(std::span<const uint8_t> stream, std::span<uint8_t> room) noexcept {
  if (stream.size() < kRecordHeader || stream[0] != kHandshakeRecord) return {};
  const size_t first_length = load_be16(stream.data() + 3);
  const auto first = stream.subspan(kRecordHeader, std::min(first_length, stream.size() - kRecordHeader));
  const auto size_of = [](std::span<const uint8_t> message) noexcept {
    return kMessageHeader + load_be24(message.data() + 1);
  };
  if (!first.empty() && first[0] != kClientHello) return {};
  if (first.size() >= kMessageHeader && size_of(first) <= first.size()) return {first.first(size_of(first)), true};
  if (first.size() < first_length) return {first, false};
  // The message goes on in the next record: only tests of such things and middleboxes write it so.
  size_t gathered = 0;
  ByteReader records(stream);
  while (records.u8() == kHandshakeRecord && records.skip(2)) {
    const auto length = records.be16();
    if (!length) break;
    const auto part = up_to(records, *length);
    const size_t taken = std::min(part.size(), room.size() - gathered);
    std::memcpy(room.data() + gathered, part.data(), taken);
    gathered += taken;
    if (gathered >= kMessageHeader && size_of(room) <= gathered) return {room.first(size_of(room)), true};
    if (!records.skip(*length)) break;
  }
  return {room.first(gathered), false};
}

}  // namespace wirewatch
