// SPDX-License-Identifier: BSD-3-Clause
// The shipped rules, compiled once a program.
#pragma once

#include <memory>
#include <stdexcept>

#include "control/rules/rule_cache.h"
#include "dataplane/classify/rule_set.h"

namespace wirewatch {

/// Throws std::runtime_error with the rules' own words when they do not compile.
inline std::shared_ptr<const RuleSet> shipped_rules() {
  static const auto rules = load_or_compile(WIREWATCH_SOURCE_RULES, {});
  if (!rules) throw std::runtime_error(rules.error().message);
  return *rules;
}

}  // namespace wirewatch
