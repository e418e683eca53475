// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch block`: what an inline data plane does not let through, and until when: add, list, remove.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_block(Options options);

}  // namespace wirewatch
