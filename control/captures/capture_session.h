// SPDX-License-Identifier: BSD-3-Clause
// One session that runs, or has just stopped and whose last packets are still on their way. Used by one thread at a time; time
// is an argument.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/captures/arrival.h"
#include "control/captures/capture_view.h"
#include "control/captures/packet_memory.h"
#include "control/captures/session_files.h"
#include "control/captures/trigger.h"
#include "dataplane/base/result.h"
#include "dataplane/filter/filter.h"

namespace wirewatch {

class CaptureSession {
 public:
  struct Setup {
    CaptureSpec spec;
    std::string folder;  // exists
    uint64_t id = 0;     // of its tap
    uint8_t slot = 0;
    CaptureOrigin origin;
    const CaptureNames* names = nullptr;  // outlives the session
  };
  /// Opens the first file, unless a trigger is to come first.
  static Result<std::unique_ptr<CaptureSession>> begin(Setup setup, DiskQuota& quota, Timestamp now);

  const CaptureSpec& spec() const noexcept { return setup_.spec; }
  uint64_t id() const noexcept { return setup_.id; }
  void set_id(uint64_t id) noexcept { setup_.id = id; }
  uint8_t slot() const noexcept { return setup_.slot; }
  const std::string& folder() const noexcept { return setup_.folder; }
  bool stopped() const noexcept { return state_ == CaptureState::Stopped; }
  /// Whether packets are of any use at the moment.
  bool wants_packets() const noexcept { return !stopped() && (memory_ || recording()); }
  /// Whether a packet has to come with stream facts.
  bool needs_streams() const noexcept { return !stopped() && filter_ && filter_->needs().streams; }
  bool needs_names() const noexcept { return !stopped() && filter_ && filter_->needs().names; }
  /// What to ask the data plane for: the filter only if one packet and its flow so far can answer it.
  nlohmann::json tap() const;

  /// `counted`: it is among what set_tap_counts() tells, sooner or later.
  void receive(Arrival& arrival, bool counted = true);
  /// What the workers counted for its tap, in all.
  void set_tap_counts(uint64_t matched, uint64_t bytes, uint64_t ring_full) noexcept;
  /// Nothing more will come: what is still on its way is lost.
  void settle() noexcept;

  /// Limits, schedules, rotation by time; a few times a second.
  void tick(Timestamp now);
  /// Triggers by what was seen.
  void look(const TriggerFacts& facts, Timestamp now);
  /// Everything written up to here outlives the process; once a second.
  void flush(Timestamp now);
  /// The same for the record of it, when it changed and it is time: that of a ring of 10,000 files is 2 MB.
  void save_when_due(Timestamp now);
  void save(Timestamp now);
  /// The reason and the sentence are only taken from the first call.
  void stop(StopReason reason, std::string because, Timestamp now);

  CaptureView view() const;
  /// A sentence about the last record that did not succeed.
  const std::string& save_fault() const noexcept { return save_fault_; }

 private:
  CaptureSession(Setup setup, DiskQuota& quota);
  Result<void> prepare(Timestamp now);
  bool recording() const noexcept { return !trigger_ || trigger_->recording(); }
  bool matches(Arrival& arrival) noexcept;
  bool write(Arrival& arrival, bool from_before, Timestamp now);
  void stop_failed(Timestamp now);
  void fire(std::string why, Timestamp now);
  void end_firing(Timestamp now);
  void give_back_lost();

  Setup setup_;
  SessionFiles files_;
  std::optional<Filter> filter_;  // evaluated here: a filter that needs earlier packets
  std::optional<Trigger> trigger_;
  std::optional<PacketMemory> memory_;
  CaptureState state_ = CaptureState::Recording;
  StopReason stop_reason_ = StopReason::None;
  std::string stopped_because_;
  Timestamp started_ = kNoTimestamp, stopped_ = kNoTimestamp;
  CaptureCounts counts_;               // what files and memory count themselves is added by view()
  uint64_t uncounted_ = 0, uncounted_bytes_ = 0;  // matched by taps whose counts nobody reads any more
  uint64_t dropped_to_note_ = 0;       // lost since the last packet that was written
  std::vector<Firing> firings_;
  Timestamp first_ = kNoTimestamp, previous_ = kNoTimestamp, displayed_ = kNoTimestamp;  // packet times, for the filter
  Timestamp saved_ = kNoTimestamp;
  bool changed_ = true;                // since the last save
  std::string save_fault_;
};

}  // namespace wirewatch
