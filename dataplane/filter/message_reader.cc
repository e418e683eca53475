// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/message_reader.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/http_message.h"
#include "dataplane/filter/openvpn.h"
#include "dataplane/filter/pdu.h"

namespace wirewatch::filter {
namespace {

using Wait = Reading::Wait;

/// Ports whose own dissector in Wireshark takes everything before it is looked at for TLS or HTTP.
constexpr std::array<uint16_t, 13> kOthers{20, 22, 23, 111, 139, 179, 445, 554, 1935, 3389, 6667, 8009, 8554};
/// Protocols that change to TLS in the middle of a conversation.
constexpr std::array<uint16_t, 5> kMayChange{143, 389, 3306, 5222, 5432};
constexpr std::array<uint16_t, 12> kHttp{80, 631, 1900, 2710, 2869, 3128, 3132, 3689, 5985, 8080, 8088, 11371};
constexpr std::array<uint16_t, 27> kTls{324,  443,  465,  636,  802,  853,  993,  995,  1300, 2221,  2443,  3249,  3250, 3251,
                                        3252, 3496, 5061, 5671, 5684, 5868, 8883, 11207, 19999, 27017, 989, 990, 992};

constexpr size_t kRecordHeader = 5;

constexpr bool is_printable(uint8_t c) noexcept { return c >= 0x20 && c < 0x7f; }

/// Text, most likely: Wireshark takes nothing for TLS that begins with four printable letters.
bool begins_with_text(std::span<const uint8_t> bytes) noexcept {
  return bytes.size() > 4 && std::ranges::all_of(bytes.first(4), is_printable);
}

bool starts_with(std::span<const uint8_t> bytes, std::string_view text) noexcept {
  return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin());
}

Reading waiting(size_t shown, Wait wait, size_t missing = 0) noexcept { return {.shown = shown, .wait = wait, .missing = missing}; }

}  // namespace

Application application_of_segment(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept {
  for (const uint16_t port : {std::min(source_port, destination_port), std::max(source_port, destination_port)}) {
    constexpr uint16_t kDns = 53;
    const auto among = [port](const auto& ports) { return std::ranges::find(ports, port) != ports.end(); };
    if (port == kDns) return Application::Dns;
    if (port == kOpenVpnPort) return Application::OpenVpn;
    if (among(kOthers) || may_start_tls(port)) return Application::None;
    if (among(kHttp)) return Application::Http;
    if (among(kTls) && !begins_with_text(payload)) return Application::Tls;
    if (among(kMayChange)) return begins_tls(payload) ? Application::Tls : Application::None;
  }
  if (looks_like_http(payload)) return Application::Http;
  return begins_tls(payload) ? Application::Tls : Application::None;
}

void MessageReader::recognise(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept {
  if (application_ != Application::None || changed_ || payload.empty()) return;
  if (inside_http_) {
    if (looks_like_tls(payload)) application_ = Application::Tls;
    return;
  }
  application_ = starts_tls_ ? Application::Tls : application_of_segment(source_port, destination_port, payload);
  if (application_ == Application::None) starts_tls_ = start_tls_.observe(source_port, destination_port, payload);
}

Reading MessageReader::read(std::span<const uint8_t> bytes, bool may_wait, bool& encrypted) noexcept {
  Reading reading;
  switch (application_) {
    case Application::Tls: reading = read_tls(bytes, encrypted); break;
    case Application::Http: reading = read_http(bytes); break;
    case Application::Dns:
    case Application::OpenVpn: reading = read_counted(bytes); break;
    default: return waiting(bytes.size(), Wait::Nothing);
  }
  if (may_wait || reading.refused || reading.wait == Wait::Nothing) return reading;
  if (application_ != Application::Http) return waiting(bytes.size(), Wait::Nothing);
  // A snapshot may have cut the first line itself: what begins like one is shown, as far as it goes.
  const bool begins = begins_http_message(bytes);
  asked_ |= begins && !is_http_response(bytes);
  return waiting(begins || has_line(bytes) ? bytes.size() : 0, Wait::Nothing);
}

Reading MessageReader::read_tls(std::span<const uint8_t> bytes, bool& encrypted) noexcept {
  if (begins_with_text(bytes)) return {.refused = true};
  size_t at = 0;
  while (at < bytes.size()) {
    const auto rest = bytes.subspan(at);
    if (rest.size() < kRecordHeader) return waiting(at, Wait::OneMoreSegment);
    const bool old_hello = knows_version_ ? is_ssl2_hello(rest) : looks_like_ssl2(rest);
    if (!old_hello && !(knows_version_ ? is_tls_content(rest[0]) : looks_like_tls(rest))) break;  // the rest of the segment is passed over
    const size_t length = old_hello ? 2u + (load_be16(rest.data()) & 0x7fff) : kRecordHeader + load_be16(rest.data() + 3);
    if (length > rest.size()) return waiting(at, Wait::Bytes, length - rest.size());
    if (!old_hello) {
      knows_version_ |= settles_version(rest);
      tls13_ |= chooses_tls13(rest);
      encrypted |= changes_to_encryption(rest);
    }
    at += length;
  }
  return waiting(bytes.size(), Wait::Nothing);
}

std::optional<std::span<const uint8_t>> MessageReader::read_whole_records(std::span<const uint8_t> message, bool& encrypted) noexcept {
  const Reading reading = read_tls(message, encrypted);
  if (reading.refused) return std::nullopt;
  return message.first(reading.shown);
}

/// What is no message belongs to one that came before, once something was asked for; else a line like a header's will do.
Reading MessageReader::read_http(std::span<const uint8_t> bytes) noexcept {
  size_t at = 0;
  while (at < bytes.size()) {
    auto rest = bytes.subspan(at);
    if (rest.size() > 3 && starts_with(rest, "\r\n")) rest = rest.subspan(2);  // RFC 9112 2.2: to be passed over
    if (!is_printable(rest[0])) return waiting(asked_ ? bytes.size() : at, Wait::Nothing);
    if (!has_line(rest)) return waiting(at, Wait::OneMoreSegment);
    if (!begins_http_message(rest)) return waiting(asked_ || may_be_http_header(rest) ? bytes.size() : at, Wait::Nothing);
    const bool response = is_http_response(rest);
    const auto code = rest.size() > 12 ? rest.subspan(8) : std::span<const uint8_t>{};
    const bool connects = response && asked_to_connect_ && starts_with(code, " 2");
    const auto length = http_length(rest, asked_for_head_ || connects);
    if (!length) return waiting(at, Wait::OneMoreSegment);
    if (*length == kUntilTheEnd) return waiting(at, Wait::TheEnd);
    if (*length > rest.size()) return waiting(at, Wait::Bytes, *length - rest.size());
    if (!response) {
      asked_ |= is_http_request(rest);
      asked_for_head_ = starts_with(rest, "HEAD ");
      asked_to_connect_ = starts_with(rest, "CONNECT ");
    }
    at = bytes.size() - rest.size() + *length;
    changed_ = response && starts_with(code, " 101");
    if (!connects && !changed_) continue;
    inside_http_ = connects;  // what follows is another protocol, and after CONNECT still inside HTTP
    application_ = Application::None;
    return waiting(at, Wait::Nothing);
  }
  return waiting(bytes.size(), Wait::Nothing);
}

/// RFC 1035 4.2.2, and OpenVPN over TCP: two bytes of length before each message.
Reading MessageReader::read_counted(std::span<const uint8_t> bytes) noexcept {
  size_t at = 0;
  while (at < bytes.size()) {
    const auto length = pdu_length(Application::Dns, bytes.subspan(at));
    if (!length) return waiting(at, Wait::OneMoreSegment);
    if (*length > bytes.size() - at) return waiting(at, Wait::Bytes, *length - (bytes.size() - at));
    at += *length;
  }
  return waiting(at, Wait::Nothing);
}

}  // namespace wirewatch::filter
