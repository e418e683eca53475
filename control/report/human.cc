// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/human.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>

#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

/// Three significant digits without an exponent, for 0 <= value < 1000 (999.5 and more show as 1000).
std::string three_digits(double value) {
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

template <size_t Size>
std::string scaled(double value, double base, const std::array<const char*, Size>& units) {
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < Size) {
    value /= base;
    ++unit;
  }
  return three_digits(value) + units[unit];
}


struct Civil {
  std::chrono::year_month_day date;
  int64_t second_of_day = 0;
  int64_t fraction_ns = 0;
};

Civil civil_time(Timestamp time) {
  using namespace std::chrono;
  const int64_t fraction_ns = (time.ns % kSecond_ns + kSecond_ns) % kSecond_ns;
  const int64_t second =
      time.ns / kSecond_ns - (time.ns % kSecond_ns < 0 ? 1 : 0);  // chrono's floor() overflows at the earliest time
  const auto day = floor<days>(sys_seconds(seconds(second)));
  return {year_month_day(day), second - seconds(day.time_since_epoch()).count(), fraction_ns};
}

std::string clock_text(const Civil& civil, int64_t resolution_ns) {
  std::string text = fmt::format("{:02}:{:02}:{:02}", civil.second_of_day / 3600,
                                 civil.second_of_day / 60 % 60, civil.second_of_day % 60);
  if (resolution_ns >= kSecond_ns) return text;
  text += fmt::format(".{:09}", civil.fraction_ns);
  for (int64_t step = 10; step <= resolution_ns; step *= 10) text.pop_back();
  return text;
}

}  // namespace

std::string human_count(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr std::array kUnits{" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  return scaled(static_cast<double>(bytes) / 1024, 1024, kUnits);
}

std::string human_duration(int64_t ns, bool utf8) {
  if (ns == 0) return "0 s";
  const std::string sign = ns < 0 ? "-" : "";
  const double magnitude = std::abs(static_cast<double>(ns));
  if (magnitude < 1000) return fmt::format("{}{:.0f} ns", sign, magnitude);
  const std::array units{utf8 ? " µs" : " us", " ms", " s"};
  return sign + scaled(magnitude / 1000, 1000, units);
}

std::string human_span(int64_t ns, bool utf8) {
  if (ns < 60 * kSecond_ns) return human_duration(ns, utf8);
  const int64_t seconds = ns / kSecond_ns;
  if (seconds < 3600) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {:02} h", seconds / 86400, seconds / 3600 % 24);
}

std::string human_percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return {};
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part == whole) return "100 %";
  if (part != 0 && percent < 0.1) return "<0.1 %";
  return fmt::format("{:.1f} %", percent);
}

std::string human_bit_rate(double bits_per_second) {
  constexpr std::array kUnits{" bit/s", " kbit/s", " Mbit/s", " Gbit/s", " Tbit/s"};
  return scaled(bits_per_second, 1000, kUnits);
}

std::string human_rate(double per_second) {
  return per_second < 99.95 ? three_digits(per_second)
                            : human_count(static_cast<uint64_t>(std::llround(per_second)));
}

std::string human_resolution(int64_t ns, bool utf8) {
  std::string text = human_duration(ns, utf8);
  const size_t point = text.find('.'), unit = text.find(' ');
  if (point != std::string::npos && text.find_first_not_of('0', point + 1) == unit)
    text.erase(point, unit - point);
  return text;
}

std::string utc_time(Timestamp time, int64_t resolution_ns) {
  const Civil civil = civil_time(time);
  return fmt::format("{:04}-{:02}-{:02} {}", static_cast<int>(civil.date.year()),
                     static_cast<unsigned>(civil.date.month()), static_cast<unsigned>(civil.date.day()),
                     clock_text(civil, resolution_ns));
}

std::string utc_time_of_day(Timestamp time, int64_t resolution_ns) {
  return clock_text(civil_time(time), resolution_ns);
}

std::string human_endpoint(const Endpoint& endpoint) {
  const std::string address = endpoint.address.to_string();
  const std::string port = ":" + std::to_string(endpoint.port);
  return endpoint.address.family == IpFamily::V6 ? "[" + address + "]" + port : address + port;
}

std::string counted(uint64_t count, const char* one, const char* many) {
  return human_count(count) + " " + (count == 1 ? one : many);
}

}  // namespace wirewatch
