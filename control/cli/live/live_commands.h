// SPDX-License-Identifier: BSD-3-Clause
// Commands that ask the daemon once and print its answer: status, protocols, destinations, handshakes, flows,
// alerts; and those that tell it to do something: replay, rules reload.
#pragma once

#include "control/cli/command.h"

namespace wirewatch {

CommandRun declare_status(CLI::App& app);
CommandRun declare_protocols(CLI::App& app);
CommandRun declare_destinations(CLI::App& app);
CommandRun declare_handshakes(CLI::App& app);
CommandRun declare_flows(CLI::App& app);
CommandRun declare_alerts(CLI::App& app);
CommandRun declare_replay(CLI::App& app);
/// The command below `rules`.
CommandRun declare_rules_reload(CLI::App& app);

}  // namespace wirewatch
