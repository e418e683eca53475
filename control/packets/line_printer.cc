// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/line_printer.h"

#include <algorithm>
#include <charconv>

namespace wirewatch {
namespace {

// The least widths of tshark's columns.
constexpr size_t kNumberWidth = 5, kTimeWidth = 10, kAddressWidth = 12;

void put_spaces(size_t count, Output& out) noexcept {
  constexpr std::string_view kSpaces = "            ";
  out.put(kSpaces.substr(0, std::min(count, kSpaces.size())));
}

void put_right(std::string_view text, size_t width, Output& out) noexcept {
  if (text.size() < width) put_spaces(width - text.size(), out);
  out.put(text);
}

int digits_of(int64_t resolution_ns) noexcept {
  // The precisions that Wireshark has; in between, the next finer one.
  if (resolution_ns >= 1'000'000'000) return 0;
  if (resolution_ns >= 100'000'000) return 1;
  if (resolution_ns >= 10'000'000) return 2;
  if (resolution_ns >= 1'000'000) return 3;
  return resolution_ns > 100 ? 6 : 9;
}

}  // namespace

char* format_relative_time(Timestamp time, Timestamp first, int64_t resolution_ns, char* out) noexcept {
  if (time == kNoTimestamp || first == kNoTimestamp) return out;
  char* const end = format_timestamp({time.since(first)}, out);  // always nine digits
  const int digits = digits_of(resolution_ns);
  return digits == 0 ? end - 10 : end - (9 - digits);
}

void put_hex_dump(std::span<const uint8_t> bytes, Output& out) noexcept {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr size_t kRow = 16, kHexWidth = 3 * kRow + 2;
  for (size_t at = 0; at < bytes.size(); at += kRow) {
    const auto row = bytes.subspan(at, std::min(kRow, bytes.size() - at));
    char* to = out.room(128);
    for (int shift = at > 0xffff ? 28 : 12; shift >= 0; shift -= 4) *to++ = kDigits[at >> shift & 15];
    *to++ = ' ';
    *to++ = ' ';
    std::fill_n(to, kHexWidth, ' ');
    char* hex = to;
    char* letters = to + kHexWidth;
    for (const uint8_t byte : row) {
      hex[0] = kDigits[byte >> 4];
      hex[1] = kDigits[byte & 15];
      hex += 3;
      *letters++ = byte >= ' ' && byte <= '~' ? static_cast<char>(byte) : '.';
    }
    *letters++ = '\n';
    out.advance(letters);
  }
  out.put('\n');
}

bool LinePrinter::on_frame(const Frame& frame) {
  describer_.describe(frame, *line_);
  char text[kTimestampRoom];
  const auto number_end = std::to_chars(text, text + sizeof text, frame.packet.number).ptr;
  put_right({text, static_cast<size_t>(number_end - text)}, kNumberWidth, out_);
  out_.put(' ');
  const char* const time_end = format_relative_time(frame.packet.time, frame.first_time, files_.resolution_ns(), text);
  put_right({text, static_cast<size_t>(time_end - text)}, kTimeWidth, out_);
  out_.put(' ');
  put_right(line_->source.view(), kAddressWidth, out_);
  out_.put(" \u2192 ");
  out_.put(line_->destination.view());
  if (line_->destination.size() < kAddressWidth) put_spaces(kAddressWidth - line_->destination.size(), out_);
  out_.put(' ');
  out_.put(line_->protocol);
  out_.put(' ');
  out_.put(frame.packet.original_length);
  out_.put(' ');
  out_.put(line_->info.view());
  out_.put('\n');
  if (with_bytes_) put_hex_dump(frame.packet.bytes(), out_);
  return ++lines_ % kLinesBetweenChecks != 0 || !out_.finish();
}

}  // namespace wirewatch
