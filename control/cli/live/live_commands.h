// SPDX-License-Identifier: BSD-3-Clause
// Commands that ask the daemon once and print its answer: status, protocols, destinations, handshakes, flows,
// alerts; and those that tell it to do something: replay, rules reload.
#pragma once

#include "control/cli/options/command.h"

namespace wirewatch {

CommandRun declare_status(Options options);
CommandRun declare_protocols(Options options);
CommandRun declare_destinations(Options options);
CommandRun declare_handshakes(Options options);
CommandRun declare_flows(Options options);
CommandRun declare_alerts(Options options);
CommandRun declare_replay(Options options);
/// The command below `rules`.
CommandRun declare_rules_reload(Options options);

}  // namespace wirewatch
