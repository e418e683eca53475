// SPDX-License-Identifier: BSD-3-Clause
// What a worker counts beside its tables. Written by the worker alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/base/timestamp.h"
#include "dataplane/packet/parse_status.h"
#include "dataplane/packet/traffic.h"

namespace wirewatch {

/// Every frame given to the worker is counted in exactly one element of `by_status`.
struct WorkerCounters {
  std::array<uint64_t, static_cast<size_t>(ParseStatus::Count)> by_status{};
  Traffic total;
  uint64_t flows_evicted = 0;
  uint64_t pending_syns_evicted = 0;
  uint64_t not_classified_for_room = 0;  // flows begun without room for the record that classification needs
  uint64_t dns_notes_refused = 0;        // addresses that DNS answers gave
  uint64_t early_flows_unnamed = 0;      // flows that ended early and could not wait for what others may teach of them
  uint64_t other_paths_refused = 0;      // frames counted under their flow's first path for want of room
  uint64_t handshakes_unvouched = 0;     // that could not wait until their clock was read again
  std::optional<Timestamp> first_time;   // smallest
  std::optional<Timestamp> last_time;    // largest
};

/// What only a worker that never ends has to say.
struct LiveCounters {
  uint64_t open_flows = 0;              // now
  uint64_t most_flows = 0;              // the bound
  uint64_t pending_syns = 0;            // now
  uint64_t flows_begun = 0;
  uint64_t flows_expired = 0;           // idle for longer than their time-out
  uint64_t pending_syns_expired = 0;    // unanswered for longer than theirs
  uint64_t wrong_times = 0;             // flows whose time lay so far ahead of the clock that it was set back
  uint64_t names_refused = 0;           // host names for which there was no room
  uint64_t rules_generation = 0;        // how many rule sets were adopted
  uint64_t memory_bytes = 0;
  Traffic not_yet_folded;               // counted in `total`, but not yet in the rows of the protocol hierarchy
  Traffic blocked;                      // frames given back to be dropped
};

/// What the loop around a worker measures.
struct LoopCounters {
  uint64_t bursts = 0;
  uint64_t longest_burst_ns = 0;        // from poll to recycled, maintenance and publishing included
  uint64_t publish_longest_ns = 0;      // the longest maintenance with a slice of publishing in it
};

}  // namespace wirewatch
