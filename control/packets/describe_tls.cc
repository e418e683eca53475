// SPDX-License-Identifier: BSD-3-Clause
// TLS (RFC 5246, 8446): the records of a segment and the handshake messages in them, and with a ClientHello the server's
// name, as Wireshark writes it since 4.2.
#include <array>
#include <optional>

#include "control/packets/describe.h"
#include "control/packets/describe_memory.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/classify/extract_tls.h"

namespace wirewatch {
namespace {

constexpr size_t kRecordHeader = 5;
enum : uint8_t { kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22, kApplicationData = 23, kHeartbeat = 24 };

std::string_view version_name(uint16_t version) noexcept {
  switch (version) {
    case 0x0300: return "SSLv3";
    case 0x0301: return "TLSv1";
    case 0x0302: return "TLSv1.1";
    case 0x0303: return "TLSv1.2";
    case 0x0304: return "TLSv1.3";
    default: return "TLS";
  }
}

std::string_view handshake_name(uint8_t type) noexcept {
  switch (type) {
    case 0: return "Hello Request";
    case 1: return "Client Hello";
    case 2: return "Server Hello";
    case 3: return "Hello Verify Request";
    case 4: return "New Session Ticket";
    case 5: return "End of Early Data";
    case 8: return "Encrypted Extensions";
    case 11: return "Certificate";
    case 12: return "Server Key Exchange";
    case 13: return "Certificate Request";
    case 14: return "Server Hello Done";
    case 15: return "Certificate Verify";
    case 16: return "Client Key Exchange";
    case 20: return "Finished";
    case 21: return "Certificate URL";
    case 22: return "Certificate Status";
    case 24: return "Key Update";
    default: return {};
  }
}

std::string_view alert_name(uint8_t description) noexcept {
  switch (description) {
    case 0: return "Close Notify";
    case 10: return "Unexpected Message";
    case 20: return "Bad Record MAC";
    case 40: return "Handshake Failure";
    case 42: return "Bad Certificate";
    case 43: return "Unsupported Certificate";
    case 44: return "Certificate Revoked";
    case 45: return "Certificate Expired";
    case 46: return "Certificate Unknown";
    case 47: return "Illegal Parameter";
    case 48: return "Unknown CA";
    case 49: return "Access Denied";
    case 50: return "Decode Error";
    case 51: return "Decrypt Error";
    case 70: return "Protocol Version";
    case 71: return "Insufficient Security";
    case 80: return "Internal Error";
    case 90: return "User Canceled";
    case 112: return "Unrecognized Name";
    case 116: return "Certificate Required";
    case 120: return "No application protocol";
    default: return "Unknown";
  }
}

/// RFC 8446 4.2.1: the version that a ServerHello chose in its supported_versions extension.
std::optional<uint16_t> selected_version(std::span<const uint8_t> hello) noexcept {
  ByteReader reader(hello);
  if (!reader.skip(2 + 32)) return {};
  const auto session = reader.u8();
  if (!session || !reader.skip(*session + 3u)) return {};  // cipher suite and compression behind it
  const auto total = reader.be16();
  if (!total) return {};
  while (reader.remaining() >= 4) {
    const auto type = reader.be16(), length = reader.be16();
    const auto body = reader.take(*length);
    if (!body) return {};
    if (*type == 43 && body->size() == 2) return load_be16(body->data());
  }
  return {};
}

void put_separator(bool& first, InfoText& info) noexcept {
  info.put(first ? "" : ", ");
  first = false;
}

struct Records {
  InfoText& info;
  bool first = true;
  uint16_t version = 0;       // of the records
  uint16_t chosen = 0;        // by a ServerHello among them

  void handshake(std::span<const uint8_t> body, size_t length) noexcept {
    ByteReader reader(body);
    while (reader.remaining() >= 4) {
      const auto whole = reader.rest();
      const uint8_t type = *reader.u8();
      const uint32_t size = *reader.be24();
      const std::string_view name = handshake_name(type);
      // What is encrypted has a type and a length that make no sense.
      if (name.empty() || size + 4 > length) break;
      put_separator(first, info);
      info.put(name);
      const auto message = reader.rest().first(std::min<size_t>(size, reader.remaining()));
      if (type == 1) {
        if (const auto host = client_hello_server_name(whole); !host.empty()) info.put(" (SNI=", Escaped{host}, ")");
      }
      if (type == 2) {
        if (message.size() >= 2) chosen = selected_version(message).value_or(load_be16(message.data()));
      }
      if (!reader.skip(size)) return;
    }
    if (reader.offset() > 0) return;
    put_separator(first, info);
    info.put("Encrypted Handshake Message");
  }

  void record(uint8_t type, std::span<const uint8_t> body, size_t length) noexcept {
    switch (type) {
      case kHandshake: return handshake(body, length);
      case kChangeCipherSpec: put_separator(first, info); info.put("Change Cipher Spec"); return;
      case kApplicationData: put_separator(first, info); info.put("Application Data"); return;
      case kHeartbeat: put_separator(first, info); info.put("Heartbeat"); return;
      default: break;
    }
    put_separator(first, info);
    if (length == 2 && body.size() == 2) {
      info.put("Alert (Level: ", body[0] == 1 ? "Warning" : "Fatal", ", Description: ", alert_name(body[1]), ")");
    } else {
      info.put("Encrypted Alert");
    }
  }
};

}  // namespace

bool describe_tls(const ApplicationData& data, PacketLine& line) noexcept {
  if (data.bytes.size() < kRecordHeader) return false;
  const uint8_t* const start = data.bytes.data();
  if (start[0] < kChangeCipherSpec || start[0] > kHeartbeat || start[1] != 3) return false;
  line.info.clear();
  Records records{.info = line.info};
  records.version = load_be16(start + 1);
  for (size_t at = 0; at + kRecordHeader <= data.bytes.size();) {
    const uint8_t* const header = data.bytes.data() + at;
    const size_t length = load_be16(header + 3);
    if (header[0] < kChangeCipherSpec || header[0] > kHeartbeat || header[1] != 3) break;
    const auto rest = data.bytes.subspan(at + kRecordHeader);
    records.record(header[0], rest.first(std::min(length, rest.size())), length);
    at += kRecordHeader + length;
  }
  if (records.chosen != 0) data.memory.tls_versions.put(data.flow, data.frame_number) = records.chosen;
  const uint16_t* const known = data.memory.tls_versions.find(data.flow);
  line.protocol = version_name(known != nullptr ? *known : records.version);
  return true;
}

}  // namespace wirewatch
