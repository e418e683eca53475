// SPDX-License-Identifier: BSD-3-Clause
// All capture sessions without a thread: which taps the data plane is to have, whose each packet is, and what becomes of
// sessions that stop. For one thread at a time; time is an argument, and packets come from any TapSource.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/captures/capture_names.h"
#include "control/captures/capture_session.h"
#include "control/captures/capture_view.h"
#include "control/captures/folder_claim.h"
#include "control/captures/tap_source.h"
#include "control/captures/trigger_facts.h"
#include "dataplane/base/result.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch {

class CaptureEngine {
 public:
  struct Options {
    std::string directory;
    uint64_t quota_bytes = 0;
    unsigned most_sessions = kMostTaps;
    CaptureOrigin origin{};
    std::function<void(const std::string&)> log{};
  };

  /// Finds the sessions of earlier processes.
  CaptureEngine(Options options, Timestamp now);
  /// Ends what runs as "interrupted".
  ~CaptureEngine();
  CaptureEngine(const CaptureEngine&) = delete;
  CaptureEngine& operator=(const CaptureEngine&) = delete;

  Result<CaptureView> start(const CaptureSpec& spec, Timestamp now);
  Result<CaptureView> stop(std::string_view name, Timestamp now);
  Result<void> erase(std::string_view name, Timestamp now);
  /// In the order they were started.
  std::vector<CaptureView> views() const;

  void set_names(CaptureNames names) { names_ = std::move(names); }
  const CaptureNames& names() const noexcept { return names_; }
  void connected();
  void lost(std::string reason, Timestamp now);
  /// `source` is the data plane's region when it is another one than before.
  void answered(const nlohmann::json& answer, std::unique_ptr<TapSource> source, Timestamp now);
  void look(const TriggerFacts& facts, Timestamp now);

  /// Takes up to `most` packets, the earliest of all workers first; how many there were.
  size_t drain(size_t most, Timestamp now);
  /// Limits, schedules, flushing, and the end of sessions whose last packets have come; a few times a second.
  void tick(Timestamp now);
  /// What to send to the data plane, when there is something new.
  std::optional<nlohmann::json> take_command(Timestamp now);
  /// Whether packets may come.
  bool listens() const noexcept { return source_ != nullptr && !sessions_.empty(); }

  uint64_t running() const noexcept;
  uint64_t bytes_on_disk() const noexcept { return quota_.used; }
  const CaptureCounts& erased() const noexcept { return erased_; }
  uint64_t unclaimed() const noexcept { return unclaimed_; }
  uint64_t damaged() const noexcept { return damaged_before_ + (source_ ? source_->damaged() : 0); }

 private:
  struct Counted {
    uint64_t packets = 0, bytes = 0, ring_full = 0;
  };
  struct Running {
    std::unique_ptr<CaptureSession> session;
    Counted before;                     // by data planes that are gone
    bool wanted = false;                // in the set that was asked for last
    uint64_t last_set = 0;              // the first one that is without it, once it has stopped
  };
  struct Taps {
    uint64_t set = 0;
    std::array<CaptureSession*, kMostTaps> sessions{};
  };

  Result<void> claim_folder(Timestamp now);
  Running* find(std::string_view name);
  std::optional<uint8_t> free_slot() const;
  const Taps* taps_of(uint64_t set) noexcept;
  void deliver(const DrainedPacket& packet, Timestamp now);
  void update_counts();
  void retire(size_t index, Timestamp now);
  void retire_settled(Timestamp now);
  void drop_source(Timestamp now);
  void log(const std::string& sentence) const;

  Options options_;
  FolderClaim claim_;
  DiskQuota quota_;
  CaptureNames names_;
  std::vector<Running> sessions_;      // that run, or whose last packets may still come
  std::vector<CaptureView> past_;
  CaptureCounts erased_;
  std::unique_ptr<TapSource> source_;
  std::vector<uint64_t> reached_;      // by worker: everything of earlier sets has been taken
  std::deque<Taps> taps_;              // sets whose packets may still come
  const Taps* recent_ = nullptr;       // of the last packet
  uint64_t next_id_, next_set_;
  uint64_t counted_from_ = 0;          // packets of earlier sets are not in the counts of the taps that are set now
  bool connected_ = false;
  bool changed_ = false;               // the taps are not those that were asked for
  std::string problem_;
  Timestamp retry_ = kNoTimestamp;
  Timestamp flushed_ = kNoTimestamp;
  Timestamp latest_;
  std::optional<StreamTracker> tracker_;
  std::optional<FlowNamer> namer_;
  uint64_t packets_ = 0;
  uint64_t unclaimed_ = 0;
  uint64_t damaged_before_ = 0;
};

}  // namespace wirewatch
