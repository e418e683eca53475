// SPDX-License-Identifier: BSD-3-Clause
// Both halves of an inline pair as one source for one worker: a connection's SYN comes in on one port and its answer on
// the other, and only who sees both can time a handshake. The two are polled in turn; a burst is of one of them.
#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "dataplane/source/source.h"

namespace wirewatch {

/// A half can send its burst on: forward(burst, drop), where bit i of `drop` keeps packet i back.
template <LiveSource Half>
class PairSource {
 public:
  static constexpr bool kParses = Half::kParses;
  static constexpr size_t kHalves = 2;

  PairSource(Half& one, Half& other) : halves_{&one, &other} {}

  /// What is sent on was inspected before, so that an answer is never seen before what it answers.
  Poll poll(Burst& burst) {
    for (size_t tries = 0; tries < kHalves; ++tries) {
      turn_ = 1 - turn_;
      if (const Poll got = halves_[turn_]->poll(burst); got != Poll::Idle) return got;
    }
    return Poll::Idle;
  }
  void recycle(Burst& burst) { halves_[turn_]->recycle(burst); }
  void forward(const Burst& burst, uint64_t drop) { halves_[turn_]->forward(burst, drop); }

  /// Whose the burst is that was polled last.
  size_t turn() const noexcept { return turn_; }
  Half& half(size_t number) noexcept { return *halves_[number]; }

  Timestamp now() { return std::max(halves_[0]->now(), halves_[1]->now()); }
  TimestampProperties timestamps() { return halves_[0]->timestamps(); }
  size_t read_losses(std::span<LossCounter> losses) { return halves_[0]->read_losses(losses); }
  /// Sleeps until one of them has packets, or the time is up; false, at once, for halves that cannot be waited for.
  bool wait(std::chrono::milliseconds timeout) {
    if constexpr (requires(Half half) { half.fd(); }) {
      std::array<pollfd, kHalves> ready{{{halves_[0]->fd(), POLLIN, 0}, {halves_[1]->fd(), POLLIN, 0}}};
      ::poll(ready.data(), ready.size(), static_cast<int>(timeout.count()));
      // An error, of a link that went down say, is taken off the socket by its own wait, which returns at once.
      for (size_t i = 0; i < kHalves; ++i) {
        if ((ready[i].revents & POLLERR) != 0) halves_[i]->wait(std::chrono::milliseconds(0));
      }
      return true;
    } else {
      return false;
    }
  }

 private:
  std::array<Half*, kHalves> halves_;
  size_t turn_ = 0;
};

}  // namespace wirewatch
