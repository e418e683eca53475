// SPDX-License-Identifier: BSD-3-Clause
// The state in a checkpoint: sums over flows and handshakes, with the generation of the data plane whose events they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "control/aggregate/flow_sums.h"
#include "control/daemon/name_catalogue.h"
#include "control/history/handshake_log.h"

namespace wirewatch {

struct SavedSums {
  uint64_t generation = 0;
  FlowSums flows;
  HandshakeCounts handshakes;
  HandshakeLog::PortHistograms by_port;
};

/// Applications go by name: the next daemon may number them otherwise.
std::string encode(const SavedSums& sums, const ApplicationNames& names);
/// Nothing when the text is none that encode() makes.
std::optional<SavedSums> decode_sums(std::string_view text, NameCatalogue& catalogue);

}  // namespace wirewatch
