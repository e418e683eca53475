// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch-dataplane [--config FILE] ...`: the arguments, and what becomes of them.
#pragma once

namespace wirewatch {

/// The exit status: 0 done, 1 it could not go on, 2 the arguments or the configuration are wrong.
int run_command_line(int argc, const char* const* argv);

}  // namespace wirewatch
