// SPDX-License-Identifier: BSD-3-Clause
// Protocols that are lines of text: HTTP, the dialogues of mail and file servers, SSH's greeting, syslog, Redis.
#include <array>
#include <cctype>
#include <cstdlib>

#include "control/packets/describe.h"
#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

std::string_view text_of(std::span<const uint8_t> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool same_but_for_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// The value of a header field of an HTTP head, empty when it has none.
std::string_view field_value(std::string_view head, std::string_view name) noexcept {
  for (size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at)) {
    head.remove_prefix(at + 1);
    const std::string_view field = head.substr(0, head.find('\n'));
    if (trimmed(field).empty()) return {};
    if (field.size() > name.size() && field[name.size()] == ':' && same_but_for_case(field.substr(0, name.size()), name)) {
      return trimmed(field.substr(name.size() + 1));
    }
    at = 0;
  }
  return {};
}

bool is_method(std::string_view word) noexcept {
  constexpr std::array<std::string_view, 24> kMethods{
      "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL",
      "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "NOTIFY", "M-SEARCH", "SUBSCRIBE", "UNSUBSCRIBE", "MERGE",
      "CHECKOUT"};
  return std::ranges::find(kMethods, word) != kMethods.end();
}

}  // namespace

std::string_view first_line(std::span<const uint8_t> bytes, size_t most) noexcept {
  std::string_view text = text_of(bytes.first(std::min(bytes.size(), most)));
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool describe_http(const ApplicationData& data, PacketLine& line) noexcept {
  const std::string_view head = text_of(data.bytes), first = first_line(data.bytes);
  const bool response = first.starts_with("HTTP/");
  if (!response && !is_method(first.substr(0, first.find(' ')))) return false;
  line.info.clear();
  line.info.put(Escaped{first}, " ");
  const std::string_view type = field_value(head, "Content-Type");
  if (type.empty()) return true;
  std::string_view media = trimmed(type.substr(0, type.find(';')));
  if (media == "application/json") {
    line.protocol = "HTTP/JSON";
    line.info.put(", JavaScript Object Notation (application/json)");
  } else {
    line.info.put(" (", Escaped{media}, ") ");
  }
  return true;
}

bool describe_text_dialogue(const ApplicationData& data, PacketLine& line) noexcept {
  const std::string_view first = first_line(data.bytes);
  if (first.empty() || !std::isprint(static_cast<unsigned char>(first.front()))) return false;
  const bool from_server = data.source_port < data.destination_port;
  line.info.clear();
  if (line.protocol == "SMTP" || line.protocol == "POP") {
    line.info.put(from_server ? "S: " : "C: ");
  } else {
    line.info.put(from_server ? "Response: " : "Request: ");
  }
  line.info.put(Escaped{first});
  return true;
}

bool describe_ssh(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr size_t kPacketHeader = 6;  // RFC 4253: length, padding, then the message's number
  const bool from_server = data.source_port < data.destination_port;
  const std::string_view who = from_server ? "Server: " : "Client: ";
  if (const std::string_view first = first_line(data.bytes); first.starts_with("SSH-")) {
    line.protocol = first.starts_with("SSH-2.0") || first.starts_with("SSH-1.99") ? "SSHv2" : "SSHv1";
    line.info.clear();
    line.info.put(who, "Protocol (", Escaped{first}, ")");
    return true;
  }
  line.protocol = "SSHv2";
  line.info.clear();
  line.info.put(who);
  bool named = false;
  for (auto rest = data.bytes; rest.size() >= kPacketHeader;) {
    const size_t length = load_be32(rest.data());
    const uint8_t padding = rest[4], message = rest[5];
    if (length < 2 || length > 35000 || padding < 4 || padding >= length) break;
    const std::string_view name = message == 20   ? "Key Exchange Init"
                                  : message == 21 ? "New Keys"
                                  : message == 30 ? "Diffie-Hellman Key Exchange Init"
                                  : message == 31 ? "Diffie-Hellman Key Exchange Reply"
                                                  : std::string_view{};
    if (name.empty()) break;
    line.info.put(named ? ", " : "", name);
    named = true;
    if (length + 4 > rest.size()) break;
    rest = rest.subspan(length + 4);
  }
  if (!named) line.info.put("Encrypted packet (len=", data.length, ")");
  return true;
}

bool describe_syslog(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr std::array<std::string_view, 24> kFacilities{
      "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP",
      "NTP", "LOGAUDIT", "LOGALERT", "CRON", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"};
  constexpr std::array<std::string_view, 8> kLevels{"EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"};
  std::string_view text = text_of(data.bytes);
  if (!data.udp) text.remove_prefix(std::min(text.find('<'), text.size()));  // RFC 6587: a count may stand before it
  if (!text.starts_with('<')) return false;
  unsigned priority = 0;
  const auto [end, fault] = std::from_chars(text.data() + 1, text.data() + text.size(), priority);
  if (fault != std::errc() || end == text.data() + text.size() || *end != '>' || priority / 8 >= kFacilities.size()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  while (text.ends_with('\n') || text.ends_with('\0')) text.remove_suffix(1);
  line.info.clear();
  line.info.put(kFacilities[priority / 8], ".", kLevels[priority % 8], ": ", Escaped{text});
  return true;
}

bool describe_redis(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr unsigned kMostWords = 32;
  if (data.bytes.empty() || std::string_view("*$+-:").find(static_cast<char>(data.bytes[0])) == std::string_view::npos) return false;
  std::string_view text = text_of(data.bytes);
  line.info.clear();
  line.info.put(data.destination_port < data.source_port ? "Request: " : "Response: ");
  bool first = true;
  for (unsigned words = 0; !text.empty() && words < kMostWords;) {
    const size_t end = text.find("\r\n");
    const std::string_view item = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 2);
    if (item.starts_with('*') || item.starts_with('$')) continue;  // counts; the words themselves follow
    const bool simple = item.starts_with('+') || item.starts_with(':') || item.starts_with('-');
    line.info.put(first ? "" : " ", Escaped{simple ? item.substr(1) : item});
    first = false;
    ++words;
  }
  return true;
}

}  // namespace wirewatch
