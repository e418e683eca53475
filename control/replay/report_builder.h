// SPDX-License-Identifier: BSD-3-Clause
// From what the workers counted to the report.
#pragma once

#include <memory>

#include "control/replay/analysis.h"
#include "control/replay/inspect.h"

namespace wirewatch {

/// Once every worker has finished. The report keeps `analysis` alive.
Report make_report(const std::shared_ptr<Analysis>& analysis, const InspectOptions& options);

}  // namespace wirewatch
