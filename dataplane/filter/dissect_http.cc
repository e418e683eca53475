// SPDX-License-Identifier: BSD-3-Clause
// HTTP/1 (RFC 9112): the first line, and the headers people filter by.
#include <algorithm>
#include <charconv>

#include "dataplane/filter/dissect.h"
#include "dataplane/filter/http_message.h"
#include "dataplane/filter/message_text.h"

namespace wirewatch::filter {
namespace {

std::span<const uint8_t> as_bytes(Text text) noexcept {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct KnownHeader {
  Text name;  // lower case
  FieldId field;
};
constexpr std::array kHeaders{
    KnownHeader{"host", "http.host"_f},
    KnownHeader{"user-agent", "http.user_agent"_f},
    KnownHeader{"referer", "http.referer"_f},
    KnownHeader{"content-type", "http.content_type"_f},
    KnownHeader{"content-length", "http.content_length_header"_f},
    KnownHeader{"content-encoding", "http.content_encoding"_f},
    KnownHeader{"transfer-encoding", "http.transfer_encoding"_f},
    KnownHeader{"connection", "http.connection"_f},
    KnownHeader{"server", "http.server"_f},
    KnownHeader{"location", "http.location"_f},
    KnownHeader{"cookie", "http.cookie"_f},
    KnownHeader{"set-cookie", "http.set_cookie"_f},
    KnownHeader{"accept", "http.accept"_f},
    KnownHeader{"accept-language", "http.accept_language"_f},
    KnownHeader{"accept-encoding", "http.accept_encoding"_f},
    KnownHeader{"authorization", "http.authorization"_f},
    KnownHeader{"cache-control", "http.cache_control"_f},
    KnownHeader{"date", "http.date"_f},
    KnownHeader{"last-modified", "http.last_modified"_f},
    KnownHeader{"upgrade", "http.upgrade"_f},
    KnownHeader{"x-forwarded-for", "http.x_forwarded_for"_f},
};

void header_line(Text line, Text with_ending, bool request, Text& host, FieldSink& sink) noexcept {
  const size_t colon = line.find(':');
  if (colon == Text::npos) return;
  sink.add(request ? "http.request.line"_f : "http.response.line"_f, as_bytes(with_ending));
  Text value = after(line, colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  const Text name = line.substr(0, colon);
  for (const auto& [known, field] : kHeaders) {
    if (!same_name(name, known)) continue;
    sink.add(field, as_bytes(value));
    if (field == "http.host"_f) host = value;
    if (field == "http.content_length_header"_f) {
      uint64_t length = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (error == std::errc{}) sink.add("http.content_length"_f, length);
    }
    return;
  }
}

void request_line(Text line, Text& uri, FieldSink& sink) noexcept {
  const size_t method = line.find(' ');
  sink.add("http.request.method"_f, as_bytes(line.substr(0, method)));
  if (method == Text::npos) return;
  const Text rest = after(line, method + 1);
  const size_t version = rest.rfind(' ');
  uri = rest.substr(0, version);
  sink.add("http.request.uri"_f, as_bytes(uri));
  if (const size_t query = uri.find('?'); query != Text::npos) {
    sink.add("http.request.uri.path"_f, as_bytes(uri.substr(0, query)));
    sink.add("http.request.uri.query"_f, as_bytes(after(uri, query + 1)));
  }
  if (version != Text::npos) sink.add("http.request.version"_f, as_bytes(after(rest, version + 1)));
}

void status_line(Text line, FieldSink& sink) noexcept {
  const size_t space = line.find(' ');
  sink.add("http.response.version"_f, as_bytes(line.substr(0, space)));
  if (space == Text::npos) return;
  const Text rest = after(line, space + 1);
  uint64_t code = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + std::min<size_t>(rest.size(), 3), code);
  if (error != std::errc{}) return;
  sink.add("http.response.code"_f, code);
  if (rest.size() > 4) sink.add("http.response.phrase"_f, as_bytes(after(rest, 4)));
}

void full_uri(Text host, Text uri, FieldSink& sink) noexcept {
  if (!sink.wants("http.request.full_uri"_f) || uri.empty()) return;
  if (uri.find("://") != Text::npos) return sink.add("http.request.full_uri"_f, as_bytes(uri));
  if (host.empty()) return;
  constexpr Text kScheme = "http://";
  const auto room = sink.text(kScheme.size() + host.size() + uri.size());
  if (room.empty()) return;
  auto out = std::ranges::copy(kScheme, room.begin()).out;
  out = std::ranges::copy(host, out).out;
  out = std::ranges::copy(uri, out).out;
  sink.add("http.request.full_uri"_f, sink.keep(room.size()));
}

}  // namespace

void dissect_http(std::span<const uint8_t> message, FieldId own, FieldSink& sink) noexcept {
  sink.add_protocol(own, message);
  const Text text = as_text(message);
  const bool response = is_http_response(message), request = !response && begins_http_message(message);
  if (!request && !response) return;
  Text uri, host;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    const size_t next = end == Text::npos ? text.size() : end + 1;
    Text line = after(text, at).substr(0, (end == Text::npos ? text.size() : end) - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (at == 0 && request) request_line(line, uri, sink);
    if (at == 0 && response) status_line(line, sink);
    if (at > 0 && line.empty()) break;
    if (at > 0) header_line(line, after(text, at).substr(0, next - at), request, host, sink);
    at = next;
  }
  if (request) full_uri(host, uri, sink);
  sink.add(request ? "http.request"_f : "http.response"_f, 1);
}

}  // namespace wirewatch::filter
