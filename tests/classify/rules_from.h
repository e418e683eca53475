// SPDX-License-Identifier: BSD-3-Clause
// Rules for one test, compiled from text written in it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "control/rules/rule_compiler.h"
#include "dataplane/classify/rule_set.h"

namespace wirewatch {

inline RuleSources sources_from(std::string_view toml) {
  return {{{"test.toml", "schema = 1\n" + std::string(toml), false}}};
}

inline std::shared_ptr<const RuleSet> rules_from(std::string_view toml) {
  const auto compiled = compile_rules(sources_from(toml));
  if (!compiled) {
    ADD_FAILURE() << compiled.error().message;
    return nullptr;
  }
  auto rules = RuleSet::load(compiled->blob);
  if (!rules) {
    ADD_FAILURE() << rules.error().message;
    return nullptr;
  }
  return *rules;
}

inline std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace wirewatch
