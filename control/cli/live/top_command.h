// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch top`: what is going on at this moment, once a second, until it is told to stop.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_top(Options options);

}  // namespace wirewatch
