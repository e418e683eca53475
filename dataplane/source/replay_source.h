// SPDX-License-Identifier: BSD-3-Clause
// A saved capture as if it came in now: packets are handed over at the pace of their timestamps, or a multiple of it. The
// timestamps stay the file's own. One thread polls; another may look at how far it has come.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "dataplane/capture/capture_reader.h"
#include "dataplane/source/source.h"
#include "dataplane/source/tsc_clock.h"

namespace wirewatch {

class ReplaySource {
 public:
  static constexpr bool kParses = false;

  /// `speed` times as fast as it was recorded; 0 is as fast as it goes. `tsc` outlives this object.
  ReplaySource(std::unique_ptr<CaptureReader> reader, double speed, uint16_t interface, const TscClock& tsc);

  Poll poll(Burst& burst);
  void recycle(Burst& burst) noexcept { burst.count = 0; }
  /// Sleeps until the next packet is due, or for as long as it is told.
  void wait(std::chrono::milliseconds timeout) const noexcept;

  /// The file's time: that of the last packet, and what has passed since, at the pace of the replay.
  Timestamp now() const noexcept;
  TimestampProperties timestamps() const noexcept;
  size_t read_losses(std::span<LossCounter> losses) const noexcept;

  /// From any thread.
  uint64_t packets() const noexcept { return packets_.load(std::memory_order_relaxed); }
  /// What could not be read; complete once poll() has said End.
  const CaptureSummary& summary() const noexcept { return reader_->summary(); }

 private:
  int64_t due_at(const Packet& packet) const noexcept;

  std::unique_ptr<CaptureReader> reader_;
  double speed_;
  uint16_t interface_;
  const TscClock& tsc_;
  PacketBatch batch_;
  size_t next_ = 0;              // in batch_
  bool ended_ = false;
  bool begun_ = false;
  int64_t begun_at_ns_ = 0;      // when the first packet was handed over
  Timestamp first_time_ = kNoTimestamp;
  Timestamp last_time_ = kNoTimestamp;
  int64_t last_at_ns_ = 0;       // when the last packet was handed over
  std::atomic<uint64_t> packets_{0};
};
static_assert(LiveSource<ReplaySource>);

}  // namespace wirewatch
