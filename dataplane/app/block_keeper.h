// SPDX-License-Identifier: BSD-3-Clause
// The block list and all that follows from it: which applications a name stands for, what workers and devices are given,
// and which flows were found to be of a blocked application where only addresses can be kept back. For the main thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dataplane/app/block_request.h"
#include "dataplane/pipeline/drop_list.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/xdp/block_table.h"

namespace wirewatch {

class BlockKeeper {
 public:
  /// How long something is blocked when nobody says until when: nothing is for ever.
  static constexpr int64_t kUsually_ns = int64_t{3'600} * 1'000'000'000;

  /// `registry` outlives it.
  explicit BlockKeeper(const Registry& registry) noexcept : registry_(registry) {}

  const BlockTable& table() const noexcept { return table_; }
  Result<void> allow(const IpPrefix& prefix) { return table_.allow(prefix); }
  /// What ends before `now` is refused.
  Result<void> add(const BlockRequest& request, Timestamp now);
  Result<void> remove(const BlockRequest& request);
  /// True when there was something.
  bool forget_expired(Timestamp now);

  /// A flow that a worker knows to be of a blocked application. True when that is news.
  bool found(const BlockedFlow& flow);
  size_t flows_found() const noexcept { return found_.size(); }

  /// For workers, who know applications by number.
  DropRules for_workers() const;
  /// For devices, who know addresses: with the flows that were found.
  BlockTable for_devices() const;

 private:
  static constexpr size_t kMostFound = 16'384;

  Result<BlockRequest> with_kind(const BlockRequest& request) const;

  const Registry& registry_;
  BlockTable table_;
  std::map<BlockedFlow, Timestamp> found_;
};

}  // namespace wirewatch
