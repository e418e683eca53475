// SPDX-License-Identifier: BSD-3-Clause
// Where the rules lie: named on the command line, by the environment, beside the program, or in the source
// tree.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "control/rules/rule_sources.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct RulesLocation {
  std::filesystem::path shipped;
  std::filesystem::path
      operators;  // empty when there are none; its protocols win over shipped ones of the same name
};

/// `given` are the values of --rules: one folder stands in for the shipped rules, a second one adds to the
/// first and wins. Without any: $WIREWATCH_RULES, then ../share/wirewatch/rules beside the program, then the
/// source tree it was built from.
Result<RulesLocation> locate_rules(const std::vector<std::string>& given);

}  // namespace wirewatch
