// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch doctor`: what keeps live capture from working here, and the commands that mend it.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_doctor(Options options);

}  // namespace wirewatch
