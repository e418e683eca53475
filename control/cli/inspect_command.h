// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch inspect FILE...`: reads captures and answers the four questions about them.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_inspect(Options options);

}  // namespace wirewatch
