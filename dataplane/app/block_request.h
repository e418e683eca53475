// SPDX-License-Identifier: BSD-3-Clause
// What `block` and `unblock` name: a prefix, one connection, or prefixes for the allow list.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/xdp/block_table.h"

namespace wirewatch {

struct BlockRequest {
  std::optional<IpPrefix> prefix;
  std::optional<BlockedFlow> flow;
  std::vector<IpPrefix> allow;
  Timestamp until = BlockTable::kForever;

  Result<void> add_to(BlockTable& table) const;
  Result<void> take_from(BlockTable& table) const;
};

/// {"prefix": "10.0.0.0/8"}, {"flow": {"source": {"address": "10.0.0.1", "port": 1}, "destination": {...}, "protocol":
/// "tcp"}} or {"allow": "10.0.0.1"} (or a list), with "expires" in UTC seconds when it is not for ever.
Result<BlockRequest> read_block_request(const nlohmann::json& request);

/// {"prefixes": [...], "flows": [...], "allow": [...]}, in the shape of the requests.
nlohmann::json json_of(const BlockTable& table);

}  // namespace wirewatch
