// SPDX-License-Identifier: BSD-3-Clause
// What `taps` asks for: all taps there shall be, in place of those there are.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "dataplane/pipeline/tap_set.h"

namespace wirewatch {

struct TapRequest {
  uint64_t set = 0;
  std::vector<TapSpec> taps;
};

/// {"set": 7, "taps": [{"slot": 0, "id": 12, "port": "eth1", "filter": "tcp.port == 111", "snap_length": 128}, ...]}, where
/// "bpf" may stand for "filter", and all but slot and id may be left out.
tl::expected<TapRequest, TapFault> read_tap_request(const nlohmann::json& request);

}  // namespace wirewatch
