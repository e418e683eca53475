// SPDX-License-Identifier: BSD-3-Clause
// The tables of a report, added up over all workers and put in the order in which they are shown. No order depends on
// how the packets were spread over workers.
#pragma once

#include <span>
#include <vector>

#include "control/report/report.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

/// Nearest-rank percentiles; `samples_ns` is put in order.
RttSummary summarise_rtt(std::vector<int64_t>& samples_ns);

struct HandshakeSummaries {
  HandshakeGroup totals;
  std::vector<HandshakeGroup> by_server;  // most attempts first
  std::vector<HandshakeGroup> by_port;    // the same over all servers of a port; the address is empty
};
HandshakeSummaries summarise_handshakes(std::span<const HandshakeRecord> handshakes);

std::vector<Destination> build_destinations(std::span<const Tables* const> workers);
std::vector<EndpointRow> build_endpoints(std::span<const Tables* const> workers);
std::vector<Conversation> build_conversations(std::span<const Tables* const> workers, const RuleSet& rules);

}  // namespace wirewatch
