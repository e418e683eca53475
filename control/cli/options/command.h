// SPDX-License-Identifier: BSD-3-Clause
// A command of `wirewatch` as one row of a table: its name, what it is for, and the function that declares
// its options.
#pragma once

#include <functional>
#include <string_view>

#include "control/cli/exit_status.h"
#include "control/cli/options/options.h"

namespace wirewatch {

/// Runs the command with the options that were given.
using CommandRun = std::function<ExitStatus()>;

struct Command {
  std::string_view name;
  std::string_view summary;
  /// Declares what the command takes; what it answers is called once that is parsed.
  CommandRun (*declare)(Options options);
};

}  // namespace wirewatch
