// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/info_text.h"

#include "control/report/utf8.h"

namespace wirewatch {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

bool plain(char letter) noexcept { return letter >= ' ' && letter <= '~'; }

/// Characters that change how the text around them looks, or cannot be seen.
bool deceptive(uint32_t code_point) noexcept {
  return code_point < 0xa0 || (code_point >= 0x2000 && code_point <= 0x206f) || code_point == 0x061c ||
         code_point == 0xfeff || code_point >= 0xe0000;
}

/// The letter behind the backslash of a control character that has a name in C, otherwise 0.
char short_escape(char letter) noexcept {
  switch (letter) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\v': return 'v';
    case '\f': return 'f';
    case '\r': return 'r';
    default: return 0;
  }
}

}  // namespace

void InfoText::put_one(Hex number) noexcept {
  char digits[16];
  const auto count = static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, number.value, 16).ptr - digits);
  for (size_t i = count; i < static_cast<size_t>(number.digits); ++i) put_one('0');
  put_one(std::string_view(digits, count));
}

void InfoText::put_one(Mac address) noexcept {
  char text[17];
  for (size_t i = 0; i < 6; ++i) {
    text[3 * i] = kDigits[address.at[i] >> 4];
    text[3 * i + 1] = kDigits[address.at[i] & 15];
    if (i < 5) text[3 * i + 2] = ':';
  }
  put_one(std::string_view(text, sizeof text));
}

void InfoText::put_one(const IpAddress& address) noexcept {
  char text[45];
  put_one(std::string_view(text, address.format(text)));
}

void InfoText::put_one(Escaped escaped) noexcept {
  std::string_view text = escaped.text;
  while (!text.empty() && length_ < kMost) {
    const auto special = std::find_if_not(text.begin(), text.end(), plain);
    const auto before = static_cast<size_t>(special - text.begin());
    put_one(text.substr(0, before));
    text.remove_prefix(before);
    if (text.empty()) return;
    const CodePoint point = decode_utf8(text);
    if (point.length > 1 && !deceptive(point.value)) {
      put_one(text.substr(0, point.length));
      text.remove_prefix(point.length);
      continue;
    }
    if (const char letter = short_escape(text.front()); letter != 0) {
      put_one('\\');
      put_one(letter);
    } else {
      const auto byte = static_cast<uint8_t>(text.front());
      const char octal[]{'\\', kDigits[byte >> 6], kDigits[byte >> 3 & 7], kDigits[byte & 7]};
      put_one(std::string_view(octal, sizeof octal));
    }
    text.remove_prefix(1);
  }
}

}  // namespace wirewatch
