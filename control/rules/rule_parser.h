// SPDX-License-Identifier: BSD-3-Clause
// One rule file from TOML to the model: keys, types, tests and expressions are checked here, names later.
#pragma once

#include <vector>

#include "control/rules/diagnostics.h"
#include "control/rules/rule_model.h"
#include "control/rules/rule_sources.h"

namespace wirewatch {

/// Appends the protocols of the file; what is wrong with them goes to `diagnostics`.
void parse_rules(const RuleFile& file, std::vector<ProtocolRule>& protocols, Diagnostics& diagnostics);

}  // namespace wirewatch
