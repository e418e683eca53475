// SPDX-License-Identifier: BSD-3-Clause
// ASCII only, without locale: letters, digits, '-', '.', '_', and ':' inside the brackets of an IPv6 literal.
#include "dataplane/classify/host_name.h"

#include <algorithm>

#include "dataplane/base/ascii.h"

namespace wirewatch {
namespace {

constexpr bool is_host_character(uint8_t c) noexcept {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
}
constexpr bool is_ipv6_character(uint8_t c) noexcept {
  return (c >= 'a' && c <= 'f') || is_digit(c) || c == ':' || c == '.';
}

bool is_port(std::span<const uint8_t> text) noexcept {
  return text.empty() || (text[0] == ':' && std::ranges::all_of(text.subspan(1), is_digit));
}

}  // namespace

std::string_view HostName::assign(std::span<const uint8_t> text) noexcept {
  const auto find = [](std::span<const uint8_t> in, uint8_t c) noexcept {
    return static_cast<size_t>(std::ranges::find(in, c) - in.begin());
  };
  const bool ipv6 = !text.empty() && text[0] == '[';
  if (ipv6) text = text.subspan(1);
  const size_t end = find(text, ipv6 ? ']' : ':');
  if (ipv6 && end == text.size()) return {};
  if (!is_port(text.subspan(ipv6 ? end + 1 : end))) return {};
  text = text.first(end);
  if (!ipv6 && !text.empty() && text.back() == '.') text = text.first(text.size() - 1);
  if (text.empty() || text.size() > characters_.size()) return {};
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t c = lower(text[i]);
    if (!(ipv6 ? is_ipv6_character(c) : is_host_character(c))) return {};
    characters_[i] = static_cast<char>(c);
  }
  return {characters_.data(), text.size()};
}

}  // namespace wirewatch
