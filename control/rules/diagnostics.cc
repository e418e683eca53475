// SPDX-License-Identifier: BSD-3-Clause
// Sorting is stable: two faults at one place stay in the order in which they were found.
#include "control/rules/diagnostics.h"

#include <algorithm>
#include <tuple>

namespace wirewatch {

namespace {
constexpr size_t kMostShown = 20;
}

std::string RulePosition::to_string() const {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

RulePosition RulePosition::right_by(size_t columns) const {
  return {file, line, column + static_cast<uint32_t>(columns)};
}

void Diagnostics::add(const RulePosition& at, std::string message) {
  faults_.push_back({at, std::move(message)});
}

Error Diagnostics::to_error() const {
  auto sorted = faults_;
  std::ranges::stable_sort(
      sorted, {}, [](const Fault& fault) { return std::tie(fault.at.file, fault.at.line, fault.at.column); });
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), kMostShown); ++i) {
    if (i > 0) text += '\n';
    text += sorted[i].at.to_string() + ": " + sorted[i].message;
  }
  if (sorted.size() > kMostShown)
    text += "\nand " + std::to_string(sorted.size() - kMostShown) + " more faults";
  return Error{std::move(text)};
}

}  // namespace wirewatch
