// SPDX-License-Identifier: BSD-3-Clause
// Joins the rules of all files: operator rules replace shipped ones, names become ids, lists are laid end to
// end.
#pragma once

#include <string>
#include <vector>

#include "control/rules/diagnostics.h"
#include "control/rules/rule_model.h"
#include "dataplane/classify/rule_content.h"

namespace wirewatch {

struct LinkedRules {
  RuleContent content;
  /// By signature index; [0] is unused, as in RuleContent.
  std::vector<std::string> expressions;
  std::vector<RulePosition> expression_positions;
};

/// Meaningful only when `diagnostics` is still empty afterwards.
LinkedRules link_rules(std::vector<ProtocolRule> protocols, Diagnostics& diagnostics);

}  // namespace wirewatch
