// SPDX-License-Identifier: BSD-3-Clause
// How a person names one flow of a capture: by its number in the report, or by its two ends.
#pragma once

#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/flow/records.h"

namespace wirewatch {

/// The index among `flows` (in the report's order) of "7", counted from 1, or of "10.0.0.1:40000-10.0.0.2:443" (IPv6
/// in brackets, either end first, optionally behind "tcp:" or "udp:"): the first flow with these ends.
Result<size_t> choose_flow(std::string_view text, const std::vector<FlowRecord>& flows);

}  // namespace wirewatch
