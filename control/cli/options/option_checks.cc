// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/options/option_checks.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace wirewatch {

ValueCheck whole_number(uint64_t least, uint64_t most) {
  return [least, most](const std::string& text) -> std::string {
    uint64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = fault == std::errc() && end == text.data() + text.size();
    if (whole && number >= least && number <= most) return {};
    return "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
           ", not '" + text + "'";
  };
}

ValueCheck one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return {};
    return "expected " + listed(words) + ", not '" + text + "'";
  };
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

}  // namespace wirewatch
