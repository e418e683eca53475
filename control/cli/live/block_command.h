// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch block`: what an inline data plane does not let through, and until when: add, list, remove.
#pragma once

#include "control/cli/command.h"

namespace wirewatch {

CommandRun declare_block(CLI::App& app);

}  // namespace wirewatch
