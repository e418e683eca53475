// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/command_line.h"

#include <array>
#include <string>

#include "control/cli/build_info.h"
#include "control/cli/filter_command.h"
#include "control/cli/inspect_command.h"
#include "control/cli/live/block_command.h"
#include "control/cli/live/capture_command.h"
#include "control/cli/live/doctor_command.h"
#include "control/cli/live/live_commands.h"
#include "control/cli/live/top_command.h"
#include "control/cli/options/arguments.h"
#include "control/cli/options/command.h"
#include "control/cli/packets_command.h"
#include "control/cli/rules_command.h"
#include "control/cli/run_command.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"

namespace wirewatch {
namespace {

constexpr std::array kCommands{
    Command{"inspect", "Report on saved captures: set-up times, protocols, destinations, losses",
            declare_inspect},
    Command{"packets", "List the packets that match a filter, print their fields, or save them", declare_packets},
    Command{"filter", "List the fields of display filters, and check filters", declare_filter},
    Command{"rules", "Check and list the rules that recognise applications", declare_rules},
    Command{"run", "Watch over the live data plane and answer for it: the control daemon", declare_run},
    Command{"status", "Say whether the daemon and its data plane run, and what they lost", declare_status},
    Command{"top", "Show what is going on at this moment, redrawn once a second", declare_top},
    Command{"protocols", "Which protocols run here, since the daemon began to watch", declare_protocols},
    Command{"destinations", "Who talks to which destinations and ports", declare_destinations},
    Command{"handshakes", "How long connections take to set up, over the last minute or hour", declare_handshakes},
    Command{"flows", "The flows there are, the most recent ones first", declare_flows},
    Command{"alerts", "Unwanted traffic: who, whom, when, how much", declare_alerts},
    Command{"capture", "Save packets of live traffic, now or when something happens", declare_capture},
    Command{"block", "Block addresses, connections and applications on inline ports, for a time", declare_block},
    Command{"replay", "Let the data plane replay a capture at its own pace", declare_replay},
    Command{"doctor", "Say what keeps live capture from working here, and what mends it", declare_doctor},
};

}  // namespace

ExitStatus run_command_line(int argc, const char* const* argv) {
  const ProgramWords program{
      .name = "wirewatch",
      .summary =
          "Wirewatch looks into network traffic: how long connections take to set up, which protocols run and "
          "which should not, who talks to whom, and how far these numbers can be trusted.",
      .version = "wirewatch " + std::string(kVersion),
      .footer = "'wirewatch COMMAND --help' explains a command.\n\n" + std::string(kExitStatusHelp)};
  Arguments arguments(program, kCommands);
  const Asked asked = arguments.parse(argc, argv, page_style({}));
  if (asked.run) return asked.run();
  if (asked.faults.empty()) return print(asked.text);
  for (const std::string& line : asked.faults) say(line);
  return ExitStatus::Unusable;
}

}  // namespace wirewatch
