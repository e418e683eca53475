// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/http_message.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "dataplane/filter/message_text.h"

namespace wirewatch::filter {
namespace {

struct Line {
  Text text;         // without its end
  size_t next = 0;   // where the one behind it begins
};

std::optional<Line> line_at(Text all, size_t at) noexcept {
  const size_t end = all.find_first_of("\r\n", at);
  if (end == Text::npos || (all[end] == '\r' && end + 1 == all.size())) return std::nullopt;
  const bool both = all[end] == '\r' && all[end + 1] == '\n';
  return Line{after(all, at).substr(0, end - at), end + (both ? 2 : 1)};
}

/// Behind the empty line; nullopt while that is not there.
std::optional<size_t> head_end(Text all) noexcept {
  for (size_t at = 0;;) {
    const auto line = line_at(all, at);
    if (!line) return std::nullopt;
    if (line->text.empty()) return line->next;
    at = line->next;
  }
}

/// The value of a header, whose name is given in lower case.
std::optional<Text> header_value(Text head, Text name) noexcept {
  for (auto line = line_at(head, 0); line; line = line_at(head, line->next)) {
    const Text header = line->text;
    if (header.size() <= name.size() || header[name.size()] != ':' || !same_name(header.substr(0, name.size()), name)) continue;
    Text value = after(header, name.size() + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    return value;
  }
  return std::nullopt;
}

/// RFC 9112 7.1: sizes in hexadecimal before each chunk; the last one is empty.
std::optional<size_t> chunks_end(Text text, size_t at) noexcept {
  for (;;) {
    const size_t end = text.find('\n', at);
    if (end == Text::npos) return std::nullopt;
    size_t size = 0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, size, 16);
    constexpr size_t kLargestChunk = size_t{1} << 30;
    if (error != std::errc{} || size > kLargestChunk) return end + 1;
    at = end + 1;
    if (size == 0) {  // trailers, then an empty line
      const auto trailers = head_end(after(text, at));
      return trailers ? std::optional(at + *trailers) : std::nullopt;
    }
    if (size + 2 > text.size() - at) return at + size + 2;  // at least
    at += size + 2;
  }
}

/// RFC 9110, WebDAV and its kin (RFC 3253, 4918, 5323), Microsoft's RPC over HTTP and SSTP, UPnP's events.
constexpr std::array<Text, 44> kMethods{
    "GET",      "PUT",         "COPY",        "HEAD",        "LOCK",        "MOVE",         "POLL",            "POST",
    "BCOPY",    "BMOVE",       "MKCOL",       "TRACE",       "PATCH",       "LABEL",        "MERGE",           "DELETE",
    "SEARCH",   "UNLOCK",      "REPORT",      "UPDATE",      "NOTIFY",      "BDELETE",      "CONNECT",         "OPTIONS",
    "CHECKIN",  "PROPFIND",    "CHECKOUT",    "CCM_POST",    "SUBSCRIBE",   "PROPPATCH",    "BPROPFIND",       "BPROPPATCH",
    "UNCHECKOUT", "MKACTIVITY", "MKWORKSPACE", "RPC_CONNECT", "RPC_IN_DATA", "UNSUBSCRIBE", "RPC_OUT_DATA",    "VERSION-CONTROL",
    "BASELINE-CONTROL", "SSTP_DUPLEX_POST", "LINK", "UNLINK"};

Text first_line(std::span<const uint8_t> bytes) noexcept {
  const Text all = as_text(bytes);
  return all.substr(0, all.find_first_of("\r\n"));
}

}  // namespace

bool has_line(std::span<const uint8_t> bytes) noexcept { return line_at(as_text(bytes), 0).has_value(); }

bool looks_like_http(std::span<const uint8_t> bytes) noexcept {
  const auto line = line_at(as_text(bytes), 0);
  constexpr Text kVersion = "http/1.";
  constexpr size_t kWithMinor = kVersion.size() + 1;
  if (!line || line->text.size() <= kWithMinor) return false;
  return same_name(line->text.substr(0, kVersion.size()), kVersion) ||
         same_name(after(line->text, line->text.size() - kWithMinor).substr(0, kVersion.size()), kVersion);
}

bool is_http_response(std::span<const uint8_t> bytes) noexcept {
  const Text all = as_text(bytes);
  return all.starts_with("HTTP/") || all.starts_with("ICY");
}

bool begins_http_message(std::span<const uint8_t> bytes) noexcept {
  if (is_http_response(bytes)) return true;
  Text line = first_line(bytes);
  if (line.starts_with("M-")) line.remove_prefix(2);  // RFC 2774
  return std::ranges::find(kMethods, line.substr(0, line.find(' '))) != kMethods.end();
}

bool is_http_request(std::span<const uint8_t> bytes) noexcept {
  const Text line = first_line(bytes);
  const size_t space = line.find(' ');
  return !is_http_response(bytes) && begins_http_message(bytes) && space != Text::npos && space + 1 < line.size();
}

bool may_be_http_header(std::span<const uint8_t> bytes) noexcept {
  const Text line = first_line(bytes);
  return line.empty() || line.find(':') != Text::npos;
}

std::optional<size_t> http_length(std::span<const uint8_t> bytes, bool no_body) noexcept {
  const Text text = as_text(bytes);
  const auto end = head_end(text);
  if (!end) return std::nullopt;
  const Text head = text.substr(0, *end);
  const bool response = is_http_response(bytes);
  if (response) {
    const size_t space = text.find(' ');
    const Text code = space == Text::npos ? Text{} : after(text, space + 1).substr(0, 3);
    if (no_body || code.starts_with("1") || code == "204" || code == "304") return *end;
  }
  if (const auto encoding = header_value(head, "transfer-encoding"); encoding && same_name(encoding->substr(0, 7), "chunked")) {
    return chunks_end(text, *end);
  }
  if (const auto length = header_value(head, "content-length")) {
    uint64_t body = 0;
    const auto [stop, error] = std::from_chars(length->data(), length->data() + length->size(), body);
    constexpr uint64_t kMostBody = uint64_t{1} << 40;
    if (error == std::errc{} && stop == length->data() + length->size() && body <= kMostBody) return *end + body;
  }
  return response ? kUntilTheEnd : *end;
}

}  // namespace wirewatch::filter
