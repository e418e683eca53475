// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/output.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace wirewatch {
namespace {

/// "00" to "99".
constexpr auto kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (size_t i = 0; i < digits.size(); ++i) digits[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
  return digits;
}();

}  // namespace

char* format_timestamp(Timestamp time, char* out) noexcept {
  constexpr uint64_t kSecond = 1'000'000'000;
  const bool negative = time.ns < 0;
  const uint64_t magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(time.ns) : static_cast<uint64_t>(time.ns);
  if (negative) *out++ = '-';
  char* const point = std::to_chars(out, out + 20, magnitude / kSecond).ptr;
  *point = '.';
  auto fraction = static_cast<uint32_t>(magnitude % kSecond);
  constexpr int kDigits = 9;
  for (int at = kDigits; at > 1; at -= 2) {  // two digits at a time, from the last
    std::memcpy(point + at - 1, &kTwoDigits[fraction % 100 * 2], 2);
    fraction /= 100;
  }
  point[1] = static_cast<char>('0' + fraction);
  return point + 1 + kDigits;
}

void Output::put_long(std::string_view text) noexcept {
  flush();
  if (text.size() >= kCapacity) return write_all(text);
  std::memcpy(at_, text.data(), text.size());
  at_ += text.size();
}

void Output::flush() noexcept {
  write_all({buffer_.get(), static_cast<size_t>(at_ - buffer_.get())});
  at_ = buffer_.get();
}

void Output::write_all(std::string_view text) noexcept {
  if (text_ != nullptr) {
    text_->append(text);
    return;
  }
  while (!text.empty() && !error_) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // somebody else made our standard output non-blocking
      pollfd writable{fd_, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      error_ = {errno, std::generic_category()};
    }
  }
}

}  // namespace wirewatch
