// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch capture`: sessions that save packets of live traffic: begin, end, list, show, delete, download.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_capture(Options options);

}  // namespace wirewatch
