// SPDX-License-Identifier: BSD-3-Clause
// What one attempt adds to the counts of a group.
#pragma once

#include "dataplane/flow/records.h"

namespace wirewatch {

/// `Counts` has a number of attempts, of each outcome, and of those that are no samples for percentiles.
template <typename Counts>
void count_attempt(Counts& counts, const HandshakeRecord& handshake) noexcept {
  ++counts.attempts;
  if (handshake.ambiguous()) ++counts.ambiguous;
  if (handshake.clock_unsteady) ++counts.clock_unsteady;
  switch (handshake.outcome) {
    case HandshakeOutcome::Established:
      ++counts.established;
      break;
    case HandshakeOutcome::Refused:
      ++counts.refused;
      break;
    case HandshakeOutcome::Unanswered:
      ++counts.unanswered;
      break;
    case HandshakeOutcome::HalfOpen:
      ++counts.half_open;
      break;
  }
}

}  // namespace wirewatch
