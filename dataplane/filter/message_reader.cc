// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/message_reader.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/pdu.h"

namespace wirewatch::filter {
namespace {

using Wait = Reading::Wait;

template <size_t Count>
bool either_in(const std::array<uint16_t, Count>& ports, uint16_t one, uint16_t other) noexcept {
  return std::ranges::any_of(ports, [&](uint16_t port) { return port == one || port == other; });
}

/// Ports whose own dissector in Wireshark takes everything before it is looked at for TLS or HTTP.
constexpr std::array<uint16_t, 13> kOthers{20, 22, 23, 111, 139, 179, 445, 554, 1935, 3389, 6667, 8009, 8554};
/// Protocols that change to TLS in the middle of a conversation.
constexpr std::array<uint16_t, 10> kMayStartTls{21, 25, 110, 143, 389, 587, 3306, 4190, 5222, 5432};
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

/// A line ends with either of its two marks; a last carriage return may be half of one.
bool has_line(std::span<const uint8_t> bytes) noexcept {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n' || (bytes[i] == '\r' && i + 1 < bytes.size())) return true;
  }
  return false;
}

Reading waiting(size_t shown, Wait wait, size_t missing = 0) noexcept { return {.shown = shown, .wait = wait, .missing = missing}; }

}  // namespace

Application application_of_segment(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept {
  constexpr std::array<uint16_t, 1> kDns{53};
  if (either_in(kDns, source_port, destination_port)) return Application::Dns;
  if (either_in(kOthers, source_port, destination_port)) return Application::None;
  if (looks_like_http(payload) && !either_in(kMayStartTls, source_port, destination_port)) return Application::Http;
  if (either_in(kTls, source_port, destination_port)) return begins_with_text(payload) ? Application::None : Application::Tls;
  return begins_tls(payload) && !either_in(kHttp, source_port, destination_port) ? Application::Tls : Application::None;
}

void MessageReader::recognise(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept {
  if (application_ != Application::None || changed_ || payload.empty()) return;
  if (inside_http_) {
    if (looks_like_tls(payload)) application_ = Application::Tls;
    return;
  }
  application_ = application_of_segment(source_port, destination_port, payload);
}

/// On a port of HTTP a first line that could be a header will do: a colon before any of the marks that end a word.
bool MessageReader::shown_as_http(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) const noexcept {
  if (inside_http_) return true;
  if (changed_ || payload.empty() || !is_printable(payload[0]) || !either_in(kHttp, source_port, destination_port)) return false;
  constexpr std::string_view kMarks = "()<>@,;\\\"/[]?={} \r\n";
  const auto mark = std::ranges::find_if(payload, [&](uint8_t c) { return c == ':' || kMarks.find(static_cast<char>(c)) != kMarks.npos; });
  return mark != payload.end() && *mark == ':';
}

Reading MessageReader::read(std::span<const uint8_t> bytes, bool may_wait, bool& encrypted) noexcept {
  Reading reading;
  switch (application_) {
    case Application::Tls: reading = read_tls(bytes, encrypted); break;
    case Application::Http: reading = read_http(bytes); break;
    case Application::Dns: reading = read_dns(bytes); break;
    default: return waiting(bytes.size(), Wait::Nothing);
  }
  if (may_wait || reading.refused) return reading;
  const bool unknown = application_ == Application::Http && !has_line(bytes);
  return waiting(unknown ? 0 : bytes.size(), Wait::Nothing);
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

Reading MessageReader::read_http(std::span<const uint8_t> bytes) noexcept {
  size_t at = 0;
  while (at < bytes.size()) {
    const auto rest = bytes.subspan(at);
    if (!is_printable(rest[0])) break;  // the body of a message whose head was not captured
    if (!has_line(rest)) return waiting(at, Wait::OneMoreSegment);
    if (!looks_like_http(rest)) break;
    const bool response = rest.size() >= 5 && rest[0] == 'H' && rest[1] == 'T';
    if (!response) {
      asked_for_head_ = starts_with(rest, "HEAD ");
      asked_to_connect_ = starts_with(rest, "CONNECT ");
    }
    const auto code = rest.size() > 12 ? rest.subspan(8) : std::span<const uint8_t>{};
    const bool connects = response && asked_to_connect_ && starts_with(code, " 2");
    const auto length = pdu_length(Application::Http, rest, asked_for_head_ || connects);
    if (!length) return waiting(at, Wait::OneMoreSegment);
    if (*length == kUntilTheEnd) return waiting(at, Wait::TheEnd);
    if (*length > rest.size()) return waiting(at, Wait::Bytes, *length - rest.size());
    at += *length;
    changed_ = response && starts_with(code, " 101");
    if (!connects && !changed_) continue;
    inside_http_ = connects;  // what follows is another protocol, and after CONNECT still inside HTTP
    application_ = Application::None;
    return waiting(at, Wait::Nothing);
  }
  return waiting(bytes.size(), Wait::Nothing);
}

/// RFC 1035 4.2.2: two bytes of length before each message.
Reading MessageReader::read_dns(std::span<const uint8_t> bytes) noexcept {
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
