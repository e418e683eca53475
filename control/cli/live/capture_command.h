// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch capture`: sessions that save packets of live traffic: begin, end, list, show, delete, download.
#pragma once

#include "control/cli/command.h"

namespace wirewatch {

CommandRun declare_capture(CLI::App& app);

}  // namespace wirewatch
