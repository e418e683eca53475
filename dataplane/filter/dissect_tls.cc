// SPDX-License-Identifier: BSD-3-Clause
// TLS records and the handshake in the clear (RFC 5246, 8446, 6066, 7301).
#include <optional>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/filter/dissect.h"
#include "dataplane/filter/pdu.h"

namespace wirewatch::filter {
namespace {

constexpr uint8_t kAlert = 21, kHandshake = 22, kApplicationData = 23;
constexpr uint8_t kClientHello = 1, kServerHello = 2;

std::optional<ByteReader> nested(ByteReader& reader, size_t length) noexcept {
  const auto bytes = reader.take(length);
  if (!bytes) return std::nullopt;
  return ByteReader(*bytes);
}

void server_names(ByteReader list, FieldSink& sink) noexcept {
  if (!list.skip(2)) return;
  while (const auto type = list.u8()) {
    const auto length = list.be16();
    const auto name = length ? list.take(*length) : std::nullopt;
    if (!name) return;
    if (*type == 0) sink.add("tls.handshake.extensions_server_name"_f, *name);
  }
}

void application_protocols(ByteReader list, FieldSink& sink) noexcept {
  if (!list.skip(2)) return;
  while (const auto length = list.u8()) {
    const auto name = list.take(*length);
    if (!name) return;
    sink.add("tls.handshake.extensions_alpn_str"_f, *name);
  }
}

void supported_versions(ByteReader list, bool client, FieldSink& sink) noexcept {
  if (client && !list.skip(1)) return;
  while (const auto version = list.be16()) sink.add("tls.handshake.extensions.supported_version"_f, *version);
}

void extensions(ByteReader list, bool client, FieldSink& sink) noexcept {
  constexpr uint16_t kServerName = 0, kAlpn = 16, kSupportedVersions = 43;
  while (const auto type = list.be16()) {
    const auto length = list.be16();
    if (!length) return;
    sink.add("tls.handshake.extension.type"_f, *type);
    sink.add("tls.handshake.extension.len"_f, *length);
    const auto body = nested(list, *length);
    if (!body) return;
    if (*type == kServerName) server_names(*body, sink);
    if (*type == kAlpn) application_protocols(*body, sink);
    if (*type == kSupportedVersions) supported_versions(*body, client, sink);
  }
}

void hello(ByteReader body, bool client, FieldSink& sink) noexcept {
  const auto version = body.be16();
  if (!version) return;
  sink.add("tls.handshake.version"_f, *version);
  const auto random = body.take(32);
  if (!random) return;
  sink.add("tls.handshake.random"_f, *random);
  const auto session_length = body.u8();
  if (!session_length) return;
  sink.add("tls.handshake.session_id_length"_f, *session_length);
  const auto session = body.take(*session_length);
  if (!session) return;
  if (!session->empty()) sink.add("tls.handshake.session_id"_f, *session);
  if (client) {
    const auto suites = body.be16();
    auto list = suites ? nested(body, *suites) : std::nullopt;
    if (!list) return;
    while (const auto suite = list->be16()) sink.add("tls.handshake.ciphersuite"_f, *suite);
    const auto compressions = body.u8();
    if (!compressions || !body.skip(*compressions)) return;
  } else {
    const auto suite = body.be16();
    if (!suite) return;
    sink.add("tls.handshake.ciphersuite"_f, *suite);
    if (!body.skip(1)) return;
  }
  if (const auto length = body.be16()) {
    if (const auto all = nested(body, std::min<size_t>(*length, body.remaining()))) extensions(*all, client, sink);
  }
}

void handshake(ByteReader record, FieldSink& sink) noexcept {
  if (record.remaining() < 4) return;
  for (bool first = true; record.remaining() >= 4; first = false) {
    const uint8_t type = record.rest()[0];
    const size_t length = load_be24(record.rest().data() + 1);
    const bool clear = is_handshake_type(type) && (length <= record.remaining() - 4);
    if (!clear) {  // encrypted, or going on in the next record
      if (first) sink.add("tls.handshake"_f, 1);
      return;
    }
    record.skip(4);
    sink.add("tls.handshake"_f, 1);
    sink.add("tls.handshake.type"_f, type);
    sink.add("tls.handshake.length"_f, length);
    const auto body = nested(record, length);
    if (body && (type == kClientHello || type == kServerHello)) hello(*body, type == kClientHello, sink);
  }
}

}  // namespace

bool is_handshake_type(uint8_t type) noexcept {
  return type <= 6 || type == 8 || (type >= 11 && type <= 16) || (type >= 20 && type <= 25) || type == 67;
}

void dissect_tls(std::span<const uint8_t> records, Carrier carrier, FieldSink& sink) noexcept {
  constexpr uint8_t kChangeCipherSpec = 20;
  bool encrypted = carrier.tls_encrypted;
  sink.add_protocol("tls"_f, records);
  ByteReader reader(records);
  while (reader.remaining() >= 5 && is_tls_content(reader.rest()[0])) {
    const uint8_t type = *reader.u8();
    const uint16_t version = *reader.be16();
    const size_t length = *reader.be16();
    sink.add("tls.record"_f, 1);
    sink.add(carrier.tls13 && type == kApplicationData ? "tls.record.opaque_type"_f : "tls.record.content_type"_f, type);
    sink.add("tls.record.version"_f, version);
    sink.add("tls.record.length"_f, length);
    auto body = nested(reader, std::min(length, reader.remaining()));
    if (!body) return;
    if (type == kHandshake && encrypted) sink.add("tls.handshake"_f, 1);
    if (type == kHandshake && !encrypted) handshake(*body, sink);
    encrypted |= type == kChangeCipherSpec;
    if (type == kApplicationData) sink.add("tls.app_data"_f, body->rest());
    if (type == kAlert) {
      sink.add("tls.alert_message"_f, 1);
      if (length == 2 && body->remaining() == 2) {
        sink.add("tls.alert_message.level"_f, *body->u8());
        sink.add("tls.alert_message.desc"_f, *body->u8());
      }
    }
  }
}

}  // namespace wirewatch::filter
