// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace wirewatch {

char* format_timestamp(Timestamp time, char* out) noexcept {
  constexpr uint64_t kSecond = 1'000'000'000;
  const bool negative = time.ns < 0;
  const uint64_t magnitude =
      negative ? uint64_t{0} - static_cast<uint64_t>(time.ns) : static_cast<uint64_t>(time.ns);
  if (negative) *out++ = '-';
  char* const point = std::to_chars(out, out + 20, magnitude / kSecond).ptr;
  // The extra leading 1 keeps the zeros of the fraction; the point takes its place.
  char* const end = std::to_chars(point, point + 10, magnitude % kSecond + kSecond).ptr;
  *point = '.';
  return end;
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
