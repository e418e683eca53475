// SPDX-License-Identifier: BSD-3-Clause
// Percentiles and outcomes of handshakes: over all, per server and per server port.
#pragma once

#include <span>
#include <vector>

#include "control/report/report.h"

namespace wirewatch {

/// Nearest-rank percentiles; `samples_ns` is put in order.
RttSummary summarise_rtt(std::span<int64_t> samples_ns);

/// Handshakes in one or several pieces, in any order.
using HandshakeRuns = std::span<const std::span<const HandshakeRecord>>;

struct RankedHandshakeGroups {
  std::vector<HandshakeGroup> rows;  // most attempts first
  uint64_t all = 0;                  // groups there are, of which `rows` are the first
};
// Ambiguous handshakes, and those timed by a clock that was stepped meanwhile, are counted, but no samples (Karn).
RankedHandshakeGroups handshakes_by_server(HandshakeRuns runs, size_t most);
/// Over all servers of a port; the address is empty.
RankedHandshakeGroups handshakes_by_port(HandshakeRuns runs, size_t most);
HandshakeGroup handshake_totals(HandshakeRuns runs);

/// The timed handshakes whose SYN,ACK took longest, slowest first; of equal ones the earlier.
std::vector<HandshakeRecord> slowest_handshakes(HandshakeRuns runs, size_t most);

}  // namespace wirewatch
