// SPDX-License-Identifier: BSD-3-Clause
// The help of a command, derived from its options as they were declared. CLI11's own does not wrap.
#pragma once

#include <string>

#include "control/report/page.h"

namespace CLI {
class App;
}

namespace wirewatch {

/// The name with those of the commands above it: "wirewatch rules check".
std::string command_name(const CLI::App& command);

std::string help_text(const CLI::App& command, const PageStyle& style);

}  // namespace wirewatch
