// SPDX-License-Identifier: BSD-3-Clause
// Handshakes that are over and timed, until the clocks they were timed by have been read once more: only then is it known
// that none was stepped meanwhile. Half a second's worth of them, made at the start; whoever finds it full goes on without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/flow/records.h"
#include "dataplane/source/clock_watch.h"

namespace wirewatch {

struct WaitingHandshake {
  HandshakeRecord record;
  ClockWatches::Readings begun{};  // when it was over
  uint16_t epoch = 0;              // of the clocks, at its SYN
};

class WaitingHandshakes {
 public:
  explicit WaitingHandshakes(size_t most) : places_(most) {}

  bool empty() const noexcept { return count_ == 0; }
  size_t size() const noexcept { return count_; }
  /// False when there is no room.
  bool push(const WaitingHandshake& handshake) noexcept {
    if (count_ == places_.size()) return false;
    places_[(first_ + count_++) % places_.size()] = handshake;
    return true;
  }
  /// The one that waits longest. Not when empty.
  WaitingHandshake& front() noexcept { return places_[first_]; }
  void pop() noexcept {
    first_ = (first_ + 1) % places_.size();
    --count_;
  }
  size_t memory_bytes() const noexcept { return places_.capacity() * sizeof(WaitingHandshake); }

 private:
  std::vector<WaitingHandshake> places_;
  size_t first_ = 0, count_ = 0;
};

}  // namespace wirewatch
