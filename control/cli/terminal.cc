// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace wirewatch {
namespace {

constexpr size_t kUsualWidth = 80;

std::string_view variable(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

size_t terminal_width(int fd) noexcept {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualWidth;
}

size_t output_width() noexcept {
  const std::string_view columns = variable("COLUMNS");
  size_t width = 0;
  const auto [end, fault] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  const bool usable = fault == std::errc() && end == columns.data() + columns.size() && width > 0;
  return usable ? width : terminal_width(STDOUT_FILENO);
}

}  // namespace

PageStyle page_style(std::optional<size_t> width) {
  PageStyle style;
  style.width = width ? *width : output_width();
  style.colour = ::isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  style.utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  return style;
}

bool standard_error_is_terminal() noexcept { return ::isatty(STDERR_FILENO) == 1; }

size_t standard_error_width() noexcept { return terminal_width(STDERR_FILENO); }

}  // namespace wirewatch
