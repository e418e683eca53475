// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/quantities.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace wirewatch {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr double kKibi = 1024;
constexpr std::array kSizes{
    Unit{"", 1},        Unit{"B", 1},
    Unit{"K", kKibi},   Unit{"KiB", kKibi},
    Unit{"M", kKibi * kKibi}, Unit{"MiB", kKibi * kKibi},
    Unit{"G", kKibi * kKibi * kKibi}, Unit{"GiB", kKibi * kKibi * kKibi},
    Unit{"T", kKibi * kKibi * kKibi * kKibi}, Unit{"TiB", kKibi * kKibi * kKibi * kKibi},
    Unit{"kB", 1e3},    Unit{"KB", 1e3}, Unit{"MB", 1e6}, Unit{"GB", 1e9}, Unit{"TB", 1e12}};
constexpr std::array kTimes{Unit{"", 1e9},   Unit{"ns", 1},     Unit{"us", 1e3},    Unit{"µs", 1e3},
                            Unit{"ms", 1e6}, Unit{"s", 1e9},    Unit{"m", 60e9},    Unit{"min", 60e9},
                            Unit{"h", 3600e9}, Unit{"d", 86'400e9}};
constexpr double kMost = 9e18;  // both kinds fit 63 bits

/// Takes "1.5G" off the front of `text`.
template <size_t N>
bool take(std::string_view& text, const std::array<Unit, N>& units, double& sum) {
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (fault != std::errc() || !(number >= 0)) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  const std::string_view name = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
  if (name.empty() && !text.empty()) return false;  // a number right behind a number
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    text.remove_prefix(name.size());
    sum += number * unit.factor;
    return sum <= kMost;
  }
  return false;
}

std::string shown(std::string_view text) { return "'" + std::string(text.substr(0, 64)) + "'"; }

}  // namespace

Result<uint64_t> parse_size(std::string_view text) {
  const std::string_view given = text;
  double bytes = 0;
  if (!take(text, kSizes, bytes) || !text.empty()) return fail("expected a size such as 4096, 512K, 100M or 1.5G, not " + shown(given));
  return static_cast<uint64_t>(bytes);
}

Result<int64_t> parse_duration(std::string_view text) {
  const std::string_view given = text;
  double ns = 0;
  bool good = !text.empty();
  while (good && !text.empty()) good = take(text, kTimes, ns);
  if (!good) return fail("expected a time such as 50ms, 60s, 5m, 1h or 1h30m, not " + shown(given));
  return static_cast<int64_t>(ns);
}

}  // namespace wirewatch
