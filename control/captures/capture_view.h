// SPDX-License-Identifier: BSD-3-Clause
// What can be known of a capture session from outside: a copy, so that nobody waits for the thread that writes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/captures/capture_spec.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {

enum class CaptureState : uint8_t { Waiting, Recording, Stopped };  // Waiting: for its trigger

enum class StopReason : uint8_t { None, Asked, Bytes, Packets, Time, DiskFull, Quota, Error, Interrupted };

inline constexpr std::array<std::pair<CaptureState, std::string_view>, 3> kCaptureStates{
    {{CaptureState::Waiting, "waiting"}, {CaptureState::Recording, "recording"}, {CaptureState::Stopped, "stopped"}}};
inline constexpr std::array<std::pair<StopReason, std::string_view>, 9> kStopReasons{
    {{StopReason::None, ""},
     {StopReason::Asked, "asked"},
     {StopReason::Bytes, "bytes"},
     {StopReason::Packets, "packets"},
     {StopReason::Time, "time"},
     {StopReason::DiskFull, "disk-full"},
     {StopReason::Quota, "quota"},
     {StopReason::Error, "error"},
     {StopReason::Interrupted, "interrupted"}}};
constexpr std::string_view to_string(CaptureState state) noexcept { return kCaptureStates[static_cast<size_t>(state)].second; }
constexpr std::string_view to_string(StopReason reason) noexcept { return kStopReasons[static_cast<size_t>(reason)].second; }

/// Packets, each counted in one place:
///   matched  = ring_full + in_ring + received
///   received = not_matching + in_memory + forgotten + after_limit + write_failed + written
///   written  = packets of the files that are there + deleted
struct CaptureCounts {
  uint64_t matched = 0;        // by the worker, which looked at the port and at filters that one packet answers
  uint64_t matched_bytes = 0;  // on the wire
  uint64_t ring_full = 0;      // dropped between worker and control, for want of room
  uint64_t in_ring = 0;        // on the way
  uint64_t received = 0;
  uint64_t not_matching = 0;   // of filters that need earlier packets, which control evaluates itself
  uint64_t in_memory = 0;      // kept for a trigger
  uint64_t forgotten = 0;      // of that memory: too old, or pushed out, and never written
  uint64_t after_limit = 0;    // came when the session had stopped already
  uint64_t write_failed = 0;   // accepted by a writer whose disk then had no room
  uint64_t written = 0;
  uint64_t from_before = 0;    // of the written ones, from before a firing
  uint64_t deleted = 0;        // of the written ones, in files that gave way to newer ones
  uint64_t written_bytes = 0;  // of all files, the deleted ones included

  friend bool operator==(const CaptureCounts&, const CaptureCounts&) = default;
};

CaptureCounts& operator+=(CaptureCounts& sum, const CaptureCounts& more) noexcept;

struct CaptureFile {
  std::string name;
  uint64_t bytes = 0;
  uint64_t packets = 0;
  Timestamp first = kNoTimestamp;  // smallest and largest time of its packets
  Timestamp last = kNoTimestamp;
  bool open = false;               // being written: what `bytes` counts may not all be in it yet
};

struct Firing {
  Timestamp at;
  std::string why;
  std::string file;
  uint64_t from_before = 0;  // packets
};

struct CaptureView {
  CaptureSpec spec;
  CaptureState state = CaptureState::Stopped;
  StopReason stop_reason = StopReason::None;
  std::string stopped_because;  // the reason as a sentence
  std::string problem;          // why nothing comes at the moment, such as a data plane that is gone; mostly empty
  Timestamp started = kNoTimestamp;
  Timestamp stopped = kNoTimestamp;
  CaptureCounts counts;
  std::vector<CaptureFile> files;  // oldest first
  std::vector<Firing> firings;     // those whose files are kept, oldest first
  uint64_t fired = 0;
  uint64_t suppressed = 0;         // occasions that came while it recorded, or too soon after the last one
  Timestamp next = kNoTimestamp;   // of a schedule
};

}  // namespace wirewatch
