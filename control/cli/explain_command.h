// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch rules explain`: which signature hit in which packet of a flow, what verified it, why the verdict stands.
#pragma once

#include <string>
#include <vector>

#include "control/cli/exit_status.h"

namespace wirewatch {

struct ExplainRequest {
  std::vector<std::string> files;
  std::vector<std::string> rules;
  std::string flow;  // a number in the report's order, or "CLIENT:PORT-SERVER:PORT"
};

ExitStatus explain_rules(const ExplainRequest& request);

}  // namespace wirewatch
