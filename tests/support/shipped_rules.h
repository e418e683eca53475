// SPDX-License-Identifier: BSD-3-Clause
// The catalogue, for tests of what it finds. Compiling it takes long under a sanitizer, so it comes from the cache that
// tools/test gives each build; the tests of the rules themselves compile.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "control/rules/rule_cache.h"

namespace wirewatch {

/// The rules of $WIREWATCH_RULES, which meson test sets, with those of $WIREWATCH_OWN_RULES on top when that is set, loaded once
/// a program; null without.
inline std::shared_ptr<const RuleSet> shipped_rules() {
  static const std::shared_ptr<const RuleSet> rules = [] {
    const char* const folder = std::getenv("WIREWATCH_RULES");
    if (folder == nullptr) return std::shared_ptr<const RuleSet>();
    const char* const own = std::getenv("WIREWATCH_OWN_RULES");
    auto loaded = load_or_compile(folder, default_rule_cache(), own == nullptr ? "" : own);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : nullptr;
  }();
  return rules;
}

}  // namespace wirewatch
