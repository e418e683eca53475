// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/progress.h"

#include <algorithm>
#include <cstdio>

#include "control/cli/terminal.h"
#include "control/report/human.h"

namespace wirewatch {
namespace {

constexpr std::chrono::seconds kQuietStart{1};
constexpr std::chrono::milliseconds kBetweenDrawings{200};

std::string remaining(const InspectProgress& reached, double seconds) {
  if (reached.file_size == 0 || reached.bytes_read == 0) return {};
  const double part =
      std::min(1.0, static_cast<double>(reached.bytes_read) / static_cast<double>(reached.file_size));
  const double left = seconds / part - seconds;
  return ", " + std::to_string(static_cast<int>(part * 100)) + " %, " +
         human_span(static_cast<int64_t>(left) * 1'000'000'000, false) + " left";
}

}  // namespace

std::string progress_line(const InspectProgress& reached, std::chrono::nanoseconds elapsed, size_t width) {
  const double seconds = std::max(1e-9, std::chrono::duration<double>(elapsed).count());
  std::string line = human_count(reached.packets) + " packets, " +
                     human_rate(static_cast<double>(reached.packets) / seconds) + " packets/s" +
                     remaining(reached, seconds);
  if (line.size() > width) line.resize(width);
  return line;
}

void ProgressLine::show(const InspectProgress& reached) {
  const auto now = Clock::now();
  if (now - started_ < kQuietStart || now - drawn_ < kBetweenDrawings) return;
  drawn_ = now;
  const size_t room =
      std::max<size_t>(standard_error_width(), 2) - 1;  // the last column would wrap on some terminals
  std::fprintf(stderr, "\r\x1b[K%s", progress_line(reached, now - started_, room).c_str());
  std::fflush(stderr);
  visible_ = true;
}

void ProgressLine::erase() {
  if (!visible_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  visible_ = false;
}

}  // namespace wirewatch
