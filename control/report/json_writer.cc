// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/json_writer.h"

#include <array>

#include "control/report/utf8.h"

namespace wirewatch {
namespace {

constexpr bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

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
    size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
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
