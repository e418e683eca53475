// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch rules check` and `wirewatch rules list`: for those who write rules.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_rules(Options options);

}  // namespace wirewatch
