// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/json_writer.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "control/report/utf8.h"

namespace wirewatch {
namespace {

constexpr bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

/// Whether all of these eight characters are plain: the bytes of a word are looked at together.
bool all_plain(const char* text) noexcept {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighest = kOnes << 7;
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  const auto any_is = [&](char c) {
    const uint64_t differ = word ^ kOnes * static_cast<uint8_t>(c);
    return (differ - kOnes) & ~differ;
  };
  const uint64_t control = (word - kOnes * 0x20) & ~word;
  return ((word | control | any_is('"') | any_is('\\') | any_is(0x7f)) & kHighest) == 0;
}

size_t plain_prefix(std::string_view text) noexcept {
  size_t at = 0;
  while (text.size() - at >= sizeof(uint64_t) && all_plain(text.data() + at)) at += sizeof(uint64_t);
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

constexpr std::string_view short_escape(char c) noexcept {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return {};
  }
}

}  // namespace

void JsonWriter::escape(std::string_view text) noexcept {
  while (!text.empty()) {
    const size_t plain = plain_prefix(text);
    out_.put(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;

    const CodePoint point = decode_utf8(text);
    if (point.length > 1) {
      out_.put(text.substr(0, point.length));
    } else if (point.length == 0) {
      out_.put("\\ufffd");  // the replacement character: a byte that is no text has no other place in JSON
    } else if (const std::string_view known = short_escape(text[0]); !known.empty()) {
      out_.put(known);
    } else {
      constexpr std::string_view kHex = "0123456789abcdef";
      const std::array<char, 6> escaped{'\\', 'u', '0', '0', kHex[point.value >> 4], kHex[point.value & 15]};
      out_.put(std::string_view(escaped.data(), escaped.size()));
    }
    text.remove_prefix(point.length == 0 ? 1 : point.length);
  }
}

}  // namespace wirewatch
