// SPDX-License-Identifier: BSD-3-Clause
// Percentiles and outcomes of handshakes: over all, per server and per server port.
#pragma once

#include <span>
#include <vector>

#include "control/report/report.h"

namespace wirewatch {

/// Nearest-rank percentiles; `samples_ns` is put in order.
RttSummary summarise_rtt(std::span<int64_t> samples_ns);

struct HandshakeSummaries {
  HandshakeGroup totals;
  std::vector<HandshakeGroup> by_server;  // most attempts first
  std::vector<HandshakeGroup> by_port;    // the same over all servers of a port; the address is empty
};
/// Ambiguous handshakes, and those timed by a clock that was stepped meanwhile, are counted, but no samples (Karn).
HandshakeSummaries summarise_handshakes(std::span<const HandshakeRecord> handshakes);

}  // namespace wirewatch
