// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/printable.h"

#include <algorithm>
#include <array>

#include "control/report/utf8.h"

namespace wirewatch {
namespace {

struct Range {
  uint32_t first, last;
};

/// Control characters of ISO 6429, and what Unicode hides or lets reorder its neighbours (categories Cc, Cf,
/// Zl, Zp).
constexpr std::array kDeceptive{Range{0x00, 0x1f},     Range{0x7f, 0x9f},     Range{0xad, 0xad},
                                Range{0x61c, 0x61c},   Range{0x180e, 0x180e}, Range{0x200b, 0x200f},
                                Range{0x2028, 0x202e}, Range{0x2060, 0x206f}, Range{0xfe00, 0xfe0f},
                                Range{0xfeff, 0xfeff}, Range{0xfff9, 0xfffb}, Range{0xe0000, 0xe0fff}};

/// Combining marks that take no column (the blocks that hold nothing else).
constexpr std::array kCombining{Range{0x300, 0x36f}, Range{0x1ab0, 0x1aff}, Range{0x1dc0, 0x1dff},
                                Range{0x20d0, 0x20ff}, Range{0xfe20, 0xfe2f}};

/// Characters that take two columns (East Asian Width W and F, by block).
constexpr std::array kWide{Range{0x1100, 0x115f}, Range{0x2e80, 0xa4cf},   Range{0xac00, 0xd7a3},
                           Range{0xf900, 0xfaff}, Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},
                           Range{0xffe0, 0xffe6}, Range{0x1f300, 0x1faff}, Range{0x20000, 0x3fffd}};

template <size_t Size>
bool within(const std::array<Range, Size>& ranges, uint32_t value) noexcept {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](Range range) { return value >= range.first && value <= range.last; });
}

size_t width_of(uint32_t code_point) noexcept {
  if (code_point < 0x300) return 1;
  return within(kCombining, code_point) ? 0 : within(kWide, code_point) ? 2 : 1;
}

bool may_show(CodePoint point, bool utf8) noexcept {
  if (point.length == 0 || (point.length > 1 && !utf8)) return false;
  return !within(kDeceptive, point.value);
}

/// Bytes at the end of `text` that take at most `width` columns.
size_t tail_within(std::string_view text, size_t width) noexcept {
  size_t start = text.size(), used = 0;
  while (start > 0) {
    size_t before = start - 1;
    while (before > 0 && (static_cast<uint8_t>(text[before]) & 0xc0) == 0x80) --before;
    used += width_of(decode_utf8(text.substr(before)).value);
    if (used > width) break;
    start = before;
  }
  return text.size() - start;
}

}  // namespace

std::string printable(std::string_view text, bool utf8) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = decode_utf8(text);
    const size_t length = std::max<size_t>(point.length, 1);
    if (may_show(point, utf8)) {
      shown += text.substr(0, length);
    } else {
      constexpr std::string_view kHex = "0123456789abcdef";
      for (const char c : text.substr(0, length)) {
        const auto byte = static_cast<uint8_t>(c);
        shown += "\\x";
        shown += kHex[byte >> 4];
        shown += kHex[byte & 15];
      }
    }
    text.remove_prefix(length);
  }
  return shown;
}

size_t bytes_within(std::string_view text, size_t width) noexcept {
  size_t taken = 0, used = 0;
  while (taken < text.size()) {
    const CodePoint point = decode_utf8(text.substr(taken));
    used += width_of(point.value);
    if (used > width) break;
    taken += std::max<size_t>(point.length, 1);
  }
  return taken;
}

size_t display_width(std::string_view text) noexcept {
  size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = decode_utf8(text);
    width += width_of(point.value);
    text.remove_prefix(std::max<size_t>(point.length, 1));
  }
  return width;
}

std::string shortened(std::string_view text, size_t width, Shorten where, bool utf8) {
  if (display_width(text) <= width) return std::string(text);
  const std::string_view ellipsis = utf8 ? "…" : width > 4 ? ".." : ".";
  const size_t room = width - std::min(width, display_width(ellipsis));
  const size_t tail = where == Shorten::Middle ? tail_within(text, room / 2) : 0;
  const size_t tail_columns = display_width(text.substr(text.size() - tail));
  std::string cut(text.substr(0, bytes_within(text, room - tail_columns)));
  if (const size_t comma = cut.rfind(", "); where == Shorten::Items && comma != std::string::npos)
    cut.resize(comma + 1);
  cut += ellipsis;
  return cut += text.substr(text.size() - tail);
}

}  // namespace wirewatch
