// SPDX-License-Identifier: BSD-3-Clause
// Sums over live flows per application, out of records that each bring what came since the last: what Collector sums of
// flows that have ended.
#pragma once

#include <vector>

#include "control/aggregate/application_names.h"
#include "control/aggregate/collector.h"
#include "control/report/report.h"

namespace wirewatch {

struct FlowSums {
  std::vector<ApplicationSums> detected;  // by ApplicationId
  std::vector<ApplicationSums> guessed;   // by ApplicationId
  uint64_t flows = 0;
  uint64_t unclassified = 0;              // with payload, without a name
  uint64_t without_payload = 0;
};

/// The rows of "applications", most packets first and guesses last, and the flow counts of `accounting`.
std::vector<ApplicationRow> application_rows(const FlowSums& sums, const ApplicationNames& names,
                                             AccountingSection& accounting);

}  // namespace wirewatch
