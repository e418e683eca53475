// SPDX-License-Identifier: BSD-3-Clause
// What `block` and `unblock` name: a prefix, one connection, an application or a category, or prefixes for the allow list.
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
  std::optional<BlockedName> name;  // told apart by who knows the names
  std::vector<IpPrefix> allow;
  std::optional<Timestamp> until{};

  /// Until its own time, or else until `otherwise`.
  Result<void> add_to(BlockTable& table, Timestamp otherwise) const;
  Result<void> take_from(BlockTable& table) const;
};

/// {"prefix": "10.0.0.0/8"}, {"flow": {"source": {"address": "10.0.0.1", "port": 1}, "destination": {...}, "protocol":
/// "tcp"}}, {"name": "bittorrent"} or {"allow": "10.0.0.1"} (or a list), with "expires" in UTC seconds.
Result<BlockRequest> read_block_request(const nlohmann::json& request);

/// {"prefixes": [...], "flows": [...], "names": [...], "allow": [...]}, in the shape of the requests: each row is one.
nlohmann::json json_of(const BlockTable& table);

}  // namespace wirewatch
