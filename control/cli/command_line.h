// SPDX-License-Identifier: BSD-3-Clause
// From the arguments of the process to an exit status: chooses the command, words what is wrong with the
// arguments.
#pragma once

#include "control/cli/exit_status.h"

namespace wirewatch {

ExitStatus run_command_line(int argc, const char* const* argv);

}  // namespace wirewatch
