// SPDX-License-Identifier: BSD-3-Clause
// Dates and times in the three ways people write them in filters.
#include <array>
#include <cstring>
#include <ctime>
#include <string>

#include "dataplane/filter/literal.h"

namespace wirewatch::filter {
namespace {

/// The rest of `text` behind what the format took; nullptr when it does not fit.
const char* scan(const std::string& text, const char* format, std::tm& into) {
  into = {};
  into.tm_isdst = -1;
  into.tm_mday = 1;
  return strptime(text.c_str(), format, &into);
}

/// "Z", "+01:00" or "-0530" behind the time: seconds east of Greenwich.
std::optional<long> zone(const char* text) {
  if (std::strcmp(text, "Z") == 0 || std::strcmp(text, " UTC") == 0 || std::strcmp(text, "UTC") == 0) return 0;
  if (*text != '+' && *text != '-') return std::nullopt;
  std::tm parsed{};
  const char* end = strptime(text, "%z", &parsed);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return parsed.tm_gmtoff;
}

}  // namespace

std::optional<int64_t> parse_absolute_time(std::string_view text) {
  constexpr size_t kLongest = 64;
  if (text.size() > kLongest || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string copy(text);
  constexpr std::array kFormats{"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%b %d, %Y %H:%M:%S", "%Y-%m-%d %H:%M",
                                "%Y-%m-%dT%H:%M",    "%b %d, %Y %H:%M",   "%Y-%m-%d",           "%b %d, %Y"};
  for (const char* format : kFormats) {
    std::tm broken{};
    const char* rest = scan(copy, format, broken);
    if (rest == nullptr) continue;
    int64_t ns = 0;
    if (*rest == '.') {
      ++rest;
      int digits = 0;
      for (; *rest >= '0' && *rest <= '9'; ++rest, ++digits) {
        if (digits < 9) ns = ns * 10 + (*rest - '0');
      }
      for (; digits < 9; ++digits) ns *= 10;
    }
    const auto offset = zone(rest);
    if (*rest != '\0' && !offset) continue;
    const std::time_t seconds = offset ? timegm(&broken) - *offset : std::mktime(&broken);
    constexpr std::time_t kFurthest = 9'000'000'000;  // beyond it nanoseconds do not fit
    if (seconds > kFurthest || seconds < -kFurthest) return std::nullopt;
    return int64_t{seconds} * 1'000'000'000 + ns;
  }
  return std::nullopt;
}

}  // namespace wirewatch::filter
