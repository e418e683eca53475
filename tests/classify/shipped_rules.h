// SPDX-License-Identifier: BSD-3-Clause
// The catalogue, for tests of what it finds.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "control/rules/rule_cache.h"

namespace wirewatch {

/// The rules of $WIREWATCH_RULES_SOURCE, which meson test sets, with those of $WIREWATCH_OWN_RULES on top when that is set,
/// compiled once a program; null without.
inline std::shared_ptr<const RuleSet> shipped_rules() {
  static const std::shared_ptr<const RuleSet> rules = [] {
    const char* const folder = std::getenv("WIREWATCH_RULES_SOURCE");
    if (folder == nullptr) return std::shared_ptr<const RuleSet>();
    const char* const own = std::getenv("WIREWATCH_OWN_RULES");
    auto loaded = load_or_compile(folder, {}, own == nullptr ? "" : own);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : nullptr;
  }();
  return rules;
}

}  // namespace wirewatch
