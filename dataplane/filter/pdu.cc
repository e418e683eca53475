// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/pdu.h"

#include <algorithm>
#include <array>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/dissect.h"
#include "dataplane/filter/http_message.h"

namespace wirewatch::filter {
namespace {

constexpr size_t kDnsHeader = 12;

/// One question, spelt out, of class IN: DNS on a port that is not its own.
bool looks_like_dns(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < kDnsHeader + 5) return false;
  const uint16_t flags = load_be16(bytes.data() + 2);
  const bool response = (flags & 0x8000) != 0;
  constexpr uint16_t kOpcode = 0x7800, kReserved = 0x0040, kMostRecords = 64;
  if ((flags & (kOpcode | kReserved)) != 0 || load_be16(bytes.data() + 4) != 1) return false;
  for (const size_t count : {6u, 8u, 10u}) {
    const uint16_t records = load_be16(bytes.data() + count);
    if (records > (response ? kMostRecords : count == 10 ? 2 : 0)) return false;
  }
  size_t at = kDnsHeader;
  while (at < bytes.size() && bytes[at] != 0) {
    if (bytes[at] > 63) return false;
    at += 1u + bytes[at];
  }
  if (bytes.size() < at + 5) return false;
  const uint16_t type = load_be16(bytes.data() + at + 1), dns_class = load_be16(bytes.data() + at + 3);
  constexpr uint16_t kLastType = 260, kInternet = 1;
  return type > 0 && type <= kLastType && dns_class == kInternet;
}

}  // namespace

bool is_ssl2_hello(std::span<const uint8_t> bytes) noexcept {
  constexpr uint8_t kClientHello = 1;
  return bytes.size() >= 5 && (bytes[0] & 0x80) != 0 && bytes[2] == kClientHello && (bytes[3] == 3 || (bytes[3] == 0 && bytes[4] == 2));
}

bool looks_like_ssl2(std::span<const uint8_t> bytes) noexcept {
  constexpr std::array<uint8_t, 6> kMessages{0, 1, 2, 3, 4, 6};  // of SSL 2 and of PCT
  return bytes.size() >= 3 && (bytes[0] & 0x80) != 0 && std::ranges::find(kMessages, bytes[2]) != kMessages.end();
}

bool is_tls_content(uint8_t type) noexcept {
  constexpr uint8_t kFirstType = 20, kLastType = 24;
  return type >= kFirstType && type <= kLastType;
}

bool looks_like_tls(std::span<const uint8_t> bytes) noexcept {
  return bytes.size() >= 3 && is_tls_content(bytes[0]) && bytes[1] == 3 && bytes[2] <= 4;
}

bool begins_tls(std::span<const uint8_t> bytes) noexcept {
  if (is_ssl2_hello(bytes)) return true;
  constexpr uint8_t kHandshake = 22, kApplicationData = 23;
  constexpr size_t kLongestRecord = 16384 + 2048;
  if (bytes.size() < 5 || (bytes[0] != kHandshake && bytes[0] != kApplicationData) || bytes[1] != 3 || bytes[2] > 3) return false;
  const size_t length = load_be16(bytes.data() + 3);
  return length > 0 && length < kLongestRecord;
}

bool settles_version(std::span<const uint8_t> record) noexcept {
  constexpr uint8_t kHandshake = 22, kClientHello = 1;
  if (record.size() < 6 || record[1] != 3 || record[2] > 3) return false;
  return record[0] != kHandshake || (record[5] != kClientHello && is_handshake_type(record[5]));
}

std::optional<size_t> pdu_length(Application which, std::span<const uint8_t> bytes, bool no_body) noexcept {
  switch (which) {
    case Application::Dns:
    case Application::OpenVpn:
      if (bytes.size() < 2) return std::nullopt;
      return 2u + load_be16(bytes.data());
    case Application::Http: return http_length(bytes, no_body);
    default: return bytes.size();
  }
}

/// RFC 8446 4.2.1: a server that chooses 1.3 says so in an extension of its hello.
bool chooses_tls13(std::span<const uint8_t> records) noexcept {
  constexpr uint8_t kHandshake = 22, kServerHello = 2;
  constexpr size_t kSession = 5 + 4 + 2 + 32;  // of the record to the length of the session
  if (records.size() <= kSession || records[0] != kHandshake || records[5] != kServerHello) return false;
  size_t at = kSession + 1u + records[kSession] + 3;  // cipher suite and compression
  if (records.size() < at + 2) return false;
  const size_t end = std::min(records.size(), at + 2 + load_be16(records.data() + at));
  constexpr uint16_t kSupportedVersions = 43, kTls13 = 0x0304;
  for (at += 2; end >= at + 6; at += 4u + load_be16(records.data() + at + 2)) {
    if (load_be16(records.data() + at) == kSupportedVersions) return load_be16(records.data() + at + 4) == kTls13;
  }
  return false;
}

bool changes_to_encryption(std::span<const uint8_t> record) noexcept {
  constexpr uint8_t kChangeCipherSpec = 20;
  return !record.empty() && record[0] == kChangeCipherSpec;
}

Application application_of(Protocol transport, uint16_t source_port, uint16_t destination_port,
                           std::span<const uint8_t> payload, size_t wire_length) noexcept {
  if (transport != Protocol::Udp || payload.empty()) return Application::None;
  for (const uint16_t port : {std::min(source_port, destination_port), std::max(source_port, destination_port)}) {
    switch (port) {
      case 53: return wire_length < kDnsHeader ? Application::None : Application::Dns;
      case 5353: return Application::Mdns;
      case 5355: return Application::Llmnr;
      case 67:
      case 68: return Application::Dhcp;
      case 123: return Application::Ntp;
      case 1900: return Application::Ssdp;
      case 137:
      case 138: return Application::None;  // NetBIOS names look like DNS
      default: break;
    }
  }
  return looks_like_dns(payload) ? Application::Dns : Application::None;
}

void dissect_application(Application which, Carrier carrier, std::span<const uint8_t> bytes, FieldSink& sink) noexcept {
  if (bytes.empty()) return;
  sink.set_layer(1);
  switch (which) {
    case Application::None:
    case Application::OpenVpn:
    case Application::RdpUdp:
    case Application::Quic: return;
    case Application::Tls: return dissect_tls(bytes, carrier, sink);
    case Application::Dhcp: return dissect_dhcp(bytes, sink);
    case Application::Ntp: return dissect_ntp(bytes, sink);
    case Application::Ssdp: return dissect_http(bytes, "ssdp"_f, sink);
    default: break;
  }
  while (!bytes.empty()) {  // messages one after the other
    const size_t length = carrier.over_tcp ? std::min(pdu_length(which, bytes).value_or(bytes.size()), bytes.size()) : bytes.size();
    const auto message = bytes.first(length);
    if (which == Application::Http) {
      dissect_http(message, "http"_f, sink);
    } else {
      dissect_dns(message, which, carrier.over_tcp, sink);
    }
    bytes = bytes.subspan(length);
    sink.set_layer(static_cast<uint16_t>(sink.layer() + 1));
  }
}

}  // namespace wirewatch::filter
