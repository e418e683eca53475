// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch filter fields` and `wirewatch filter check`: for those who write display filters.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_filter(Options options);

}  // namespace wirewatch
