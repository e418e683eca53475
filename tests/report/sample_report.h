// SPDX-License-Identifier: BSD-3-Clause
// Reports built by hand, for tests of the writers.
#pragma once

#include "control/report/report.h"

namespace wirewatch::testing {

/// A small office network with everything a report can hold: IPv4 and IPv6, tunnels, failed and resent
/// handshakes, guesses, unwanted traffic, damage. Names live as long as the program.
Report sample_report();

/// A file with a header and no packets.
Report empty_report();

/// Packets of a link type that is not taken apart.
Report undissected_report();

/// UDP only, without a time: nothing to say of handshakes.
Report report_without_tcp();

/// Names and numbers chosen to break tables, quoting and terminals.
Report hostile_report();

IpAddress address(std::string_view text);

}  // namespace wirewatch::testing
