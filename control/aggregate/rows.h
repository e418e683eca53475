// SPDX-License-Identifier: BSD-3-Clause
// The address tables of a report, added up over all workers and put in the order in which they are shown. No order
// depends on how the packets were spread over workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "control/aggregate/application_names.h"
#include "control/report/report.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

/// The first rows of a table, and how many there are in all.
template <typename Row>
struct Ranked {
  std::vector<Row> rows;
  uint64_t all = 0;
};

/// Each gives at most `most` rows, those with the most packets first (then bytes, then by address).
Ranked<Destination> rank_destinations(std::span<const Tables* const> workers, size_t most);
Ranked<EndpointRow> rank_endpoints(std::span<const Tables* const> workers, size_t most);
Ranked<Conversation> rank_conversations(std::span<const Tables* const> workers, const ApplicationNames& applications, size_t most);

}  // namespace wirewatch
