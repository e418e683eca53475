// SPDX-License-Identifier: BSD-3-Clause
// Line by line until the empty one; bare line feeds are taken as servers take them (RFC 9112 section 2.2).
#include "dataplane/classify/extract_http.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace wirewatch {
namespace {

constexpr size_t kLongestHead = 8192;  // what servers accept; also bounds the work for one packet
constexpr std::array<uint8_t, 5> kHost{'h', 'o', 's', 't', ':'};

constexpr bool is_blank(uint8_t c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

bool starts_with_host(std::span<const uint8_t> line) noexcept {
  if (line.size() < kHost.size()) return false;
  // Setting bit 5 lowers letters and leaves ':' as it is.
  return std::ranges::equal(line.first(kHost.size()), kHost, {}, [](uint8_t c) { return uint8_t(c | 0x20); });
}

std::span<const uint8_t> trimmed(std::span<const uint8_t> text) noexcept {
  while (!text.empty() && is_blank(text.front())) text = text.subspan(1);
  while (!text.empty() && is_blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

}  // namespace

std::span<const uint8_t> http_host(std::span<const uint8_t> request) noexcept {
  auto rest = request.first(std::min(request.size(), kLongestHead));
  while (!rest.empty()) {
    const auto* const end = static_cast<const uint8_t*>(std::memchr(rest.data(), '\n', rest.size()));
    if (end == nullptr) return {};
    const auto line = rest.first(static_cast<size_t>(end - rest.data()));
    rest = rest.subspan(line.size() + 1);
    if (trimmed(line).empty()) return {};
    if (starts_with_host(line)) return trimmed(line.subspan(kHost.size()));
  }
  return {};
}

}  // namespace wirewatch
