// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch run`: the control daemon.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_run(Options options);

}  // namespace wirewatch
