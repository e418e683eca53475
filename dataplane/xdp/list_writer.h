// SPDX-License-Identifier: BSD-3-Clause
// Brings the lists inside one XDP program into line with a BlockTable, by the difference to what it wrote before.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>

#include "dataplane/base/result.h"
#include "dataplane/xdp/block_table.h"

namespace wirewatch::xdp {

struct ListMaps {
  int allow4 = -1, allow6 = -1, block4 = -1, block6 = -1, flows = -1;  // file descriptors, of the owner
};

class ListWriter {
 public:
  ListWriter() noexcept = default;
  explicit ListWriter(const ListMaps& maps) noexcept : maps_(maps) {}

  /// `announce` is told which lists (bits of enum list) the program must ask: before anything is written and again
  /// afterwards, so that nothing that is blocked passes for a moment. What is allowed is written before what is blocked.
  Result<void> write(const BlockTable& table, const std::function<void(uint32_t)>& announce);

 private:
  using PrefixTimes = std::map<IpPrefix, Timestamp, PrefixOrder>;
  using FlowTimes = std::map<BlockedFlow, Timestamp>;

  Result<void> write_allowed(const BlockTable& table);
  Result<void> write_prefixes(const PrefixTimes& wanted);
  Result<void> write_flows(const FlowTimes& wanted);
  Result<void> take_back_allowed(const BlockTable& table);

  ListMaps maps_;
  int64_t boot_at_ns_ = 0;  // UTC at CLOCK_BOOTTIME 0, as what is written supposes
  PrefixTimes prefixes_;
  FlowTimes flows_;
  std::set<IpPrefix, PrefixOrder> allowed_;
};

}  // namespace wirewatch::xdp
