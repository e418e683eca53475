// SPDX-License-Identifier: BSD-3-Clause
// The daemon's answers as pages: the tables of `inspect` where it has them, tables of their own where only
// something live has rows.
#pragma once

#include <string>

#include "control/client/json_access.h"
#include "control/report/page.h"
#include "control/report/report.h"
#include "control/report/text.h"

namespace wirewatch {

/// /status: is it running, since when, what does it watch, what did it lose.
std::string status_page(const Json& status, const PageStyle& style);

/// Report with the sections of /protocols, /destinations and /conversations, as `inspect` prints them.
std::string protocols_page(const Report& report, const TextOptions& options);
std::string destinations_page(const Report& report, const TextOptions& options);

/// /handshakes
std::string handshakes_page(const Json& answer, const Report& report, const TextOptions& options);
/// /flows
std::string flows_page(const Json& answer, const TextOptions& options);
/// /alerts
std::string alerts_page(const Json& answer, const TextOptions& options);

/// The counters that are not zero, "kernel_drops 12, ring_full 3"; empty when nothing was lost.
std::string losses_text(const Json& counters);

/// How a port's packets are stamped: by whom, to what, how far off at most, and whether anything is wrong with that clock.
std::string clock_text(const Json& port, bool utf8);

/// Adds up the loss of all ports of a /status answer.
uint64_t lost_packets(const Json& status);

}  // namespace wirewatch
