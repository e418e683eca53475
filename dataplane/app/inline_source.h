// SPDX-License-Identifier: BSD-3-Clause
// One direction of an inline pair over the kernel's interfaces: everything that comes in goes out by the other port, in
// order, and when that falls behind, unseen. (DPDK's queues do the same themselves, without copying.)
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "dataplane/app/shed_guard.h"
#include "dataplane/source/shared_count.h"
#include "dataplane/source/source.h"

namespace wirewatch {

struct InlineCounts {
  SharedCount forwarded;
  SharedCount blocked;
  SharedCount not_sent;         // the other port did not take them; it says why
  SharedCount shed_inspection;  // sent on unseen, to keep up
};

/// `Sender` has size_t send(std::span<const Packet>).
template <LiveSource Source, typename Sender>
class InlineSource {
 public:
  static constexpr bool kParses = Source::kParses;
  static constexpr unsigned kBehindAfter = 256;  // full bursts on end, 16,384 packets without a pause

  InlineSource(Source& source, Sender& sender, ShedGuard& guard, InlineCounts& counts)
      : source_(source), sender_(sender), guard_(guard), counts_(counts) {}

  Poll poll(Burst& burst) {
    const Poll got = source_.poll(burst);
    full_bursts_ = got == Poll::Packets && burst.count == kBurstSize ? full_bursts_ + 1 : 0;
    shedding_ = shedding_ ? full_bursts_ > 0 : full_bursts_ >= kBehindAfter;
    if (!shedding_) return got;
    counts_.shed_inspection.add(burst.count);
    forward(burst, guard_(burst.packets));
    source_.recycle(burst);
    return Poll::Idle;
  }
  void recycle(Burst& burst) { source_.recycle(burst); }

  /// Bit i of `drop` keeps packet i back.
  void forward(const Burst& burst, uint64_t drop) {
    size_t leaving = 0;
    for (size_t i = 0; i < burst.count; ++i) {
      if ((drop >> i & 1) == 0) leaving_[leaving++] = burst.packets[i];
    }
    const size_t sent = sender_.send(std::span(leaving_).first(leaving));
    counts_.forwarded.add(sent);
    counts_.not_sent.add(leaving - sent);
    counts_.blocked.add(burst.count - leaving);
  }

  Timestamp now() { return source_.now(); }
  TimestampProperties timestamps() { return source_.timestamps(); }
  size_t read_losses(std::span<LossCounter> losses) { return source_.read_losses(losses); }
  size_t read_remarks(std::span<LossCounter> remarks) { return source_.read_remarks(remarks); }
  void wait(std::chrono::milliseconds timeout) { source_.wait(timeout); }
  int fd() const { return source_.fd(); }

 private:
  Source& source_;
  Sender& sender_;
  ShedGuard& guard_;
  InlineCounts& counts_;
  std::array<Packet, kBurstSize> leaving_;
  unsigned full_bursts_ = 0;
  bool shedding_ = false;
};

}  // namespace wirewatch
