// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch run`: the control daemon.
#pragma once

#include "control/cli/command.h"

namespace wirewatch {

CommandRun declare_run(CLI::App& app);

}  // namespace wirewatch
