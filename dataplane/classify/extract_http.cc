// SPDX-License-Identifier: BSD-3-Clause
// Line by line until the empty one; bare line feeds are taken as servers take them (RFC 9112 section 2.2).
#include "dataplane/classify/extract_http.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace wirewatch {
namespace {

constexpr size_t kLongestHead = 8192;  // what servers accept; also bounds the work for one packet

constexpr bool is_blank(uint8_t c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

/// `name` in lower case, colon included. Setting bit 5 lowers letters and leaves ':' and '-' as they are.
bool is_field(std::span<const uint8_t> line, std::string_view name) noexcept {
  if (line.size() < name.size()) return false;
  return std::equal(name.begin(), name.end(), line.begin(),
                    [](char wanted, uint8_t c) { return uint8_t(c | 0x20) == uint8_t(wanted); });
}

std::span<const uint8_t> trimmed(std::span<const uint8_t> text) noexcept {
  while (!text.empty() && is_blank(text.front())) text = text.subspan(1);
  while (!text.empty() && is_blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

}  // namespace

HttpFields http_fields(std::span<const uint8_t> request) noexcept {
  constexpr std::string_view kHost = "host:", kUserAgent = "user-agent:";
  HttpFields fields;
  auto rest = request.first(std::min(request.size(), kLongestHead));
  while (!rest.empty() && (fields.host.empty() || fields.user_agent.empty())) {
    const auto* const end = static_cast<const uint8_t*>(std::memchr(rest.data(), '\n', rest.size()));
    if (end == nullptr) break;
    const auto line = rest.first(static_cast<size_t>(end - rest.data()));
    rest = rest.subspan(line.size() + 1);
    if (trimmed(line).empty()) break;
    if (fields.host.empty() && is_field(line, kHost)) {
      fields.host = trimmed(line.subspan(kHost.size()));
    } else if (fields.user_agent.empty() && is_field(line, kUserAgent)) {
      fields.user_agent = trimmed(line.subspan(kUserAgent.size()));
    }
  }
  return fields;
}

}  // namespace wirewatch
