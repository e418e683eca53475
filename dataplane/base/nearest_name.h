// SPDX-License-Identifier: BSD-3-Clause
// "Did you mean": the known name closest to one that was mistyped, for errors at the edge (rules, options,
// filters).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours cost one
/// each.
inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> two_back(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], two_back[j - 2] + 1);
    }
    two_back.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

/// The closest of `known`, the first one on a tie; nothing when every one is too far away to be a slip of the
/// finger.
template <std::ranges::input_range Names>
std::optional<std::string> nearest_name(std::string_view wanted, const Names& known) {
  constexpr size_t kLongestName = 64;  // a stranger's kilobyte is no slip, and the distance is quadratic
  if (wanted.size() > kLongestName) return std::nullopt;
  size_t best = std::max<size_t>(1, wanted.size() / 3) + 1;
  std::optional<std::string> nearest;
  for (const auto& name : known) {
    const std::string_view candidate{name};
    if (candidate.size() > kLongestName) continue;
    if (const size_t distance = edit_distance(wanted, candidate); distance < best) {
      best = distance;
      nearest = std::string(candidate);
    }
  }
  return nearest;
}

/// "; did you mean 'NAME'?" or nothing, to end an error with.
template <std::ranges::input_range Names>
std::string did_you_mean(std::string_view wanted, const Names& known) {
  const auto nearest = nearest_name(wanted, known);
  return nearest ? "; did you mean '" + *nearest + "'?" : std::string{};
}

}  // namespace wirewatch
