// SPDX-License-Identifier: BSD-3-Clause
// What rules cost: how large each signature is, how much it adds to the databases every payload is scanned with, and how
// long a payload that is none of its business keeps it. For authors; nothing here runs beside packets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "control/rules/rule_sources.h"
#include "dataplane/base/result.h"

namespace wirewatch {

enum class ScannedWhere : uint8_t {
  Shared,          // the whole expression is in a shared database
  SharedHeadOnly,  // its beginning is; the rest has a database of its own
  ItsPorts,        // in no shared database: looked for on its ports only
};

struct SignatureCost {
  std::string id;
  ScannedWhere where = ScannedWhere::Shared;
  size_t alone_bytes = 0;               // of a database of this expression alone
  double alone_ns = 0;                  // of a scan with it, mean over the sample of payloads
  std::optional<int64_t> shared_bytes;  // what the shared databases would shrink by without it, when asked for
};

struct ScanCost {
  double tcp_ns = 0;  // of a scan of one sample payload with the shared databases that are for it
  double udp_ns = 0;
};

struct RuleCosts {
  std::vector<SignatureCost> signatures;
  ScanCost shared;
};

/// Of the signatures that `wanted` (by id) picks. `deltas` compiles the shared databases once more for each of them, which
/// takes a moment apiece.
Result<RuleCosts> measure_costs(const RuleSources& sources, const std::function<bool(const std::string&)>& wanted,
                                bool deltas);

}  // namespace wirewatch
