// SPDX-License-Identifier: BSD-3-Clause
// The files of one session: opened, rotated, deleted when newer ones need the room, and held to the quota that all sessions
// share. Every packet that was put in is in a file, was deleted with one, or is counted as failed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/captures/arrival.h"
#include "control/captures/capture_view.h"
#include "control/captures/flow_notes.h"
#include "dataplane/base/result.h"
#include "dataplane/capture/capture_writer.h"

namespace wirewatch {

/// Of the capture directory, all sessions together. Used by one thread at a time.
struct DiskQuota {
  uint64_t limit = 0;
  uint64_t used = 0;
};

class SessionFiles {
 public:
  struct Plan {
    std::string folder;        // exists
    std::string name;          // files begin with it
    FileRing ring;
    uint32_t snap_length = 0;  // as in the interface's description; 0: whole packets
    std::string bpf;           // likewise
    CaptureOrigin origin;
  };
  enum class Put : uint8_t { Written, NoQuota, Failed };

  SessionFiles(Plan plan, DiskQuota& quota) : plan_(std::move(plan)), quota_(quota) {}
  ~SessionFiles();
  SessionFiles(const SessionFiles&) = delete;
  SessionFiles& operator=(const SessionFiles&) = delete;

  /// Begins the next file, after the last one was closed.
  Result<void> open(Timestamp now);
  bool is_open() const noexcept { return writer_ != nullptr; }
  /// Rotates first where the ring says so. `dropped` packets got lost since the one before.
  Put put(Arrival& arrival, uint64_t dropped, Timestamp now);
  /// What put() would add at most, rotation apart.
  uint64_t cost(const Arrival& arrival) const noexcept;
  /// A file of the ring that has had its time ends here; the next packet begins another.
  void rotate_by_time(Timestamp now);
  /// Everything up to here outlives this process; false when writing has failed, now or before.
  bool flush() noexcept;
  void close(Timestamp now);
  /// The oldest closed file, and what it counted goes to deleted(). False when there is none.
  bool delete_oldest();

  /// A sentence when writing has failed, and its errno.
  const std::string& fault() const noexcept { return fault_; }
  int error() const noexcept { return error_; }

  std::vector<CaptureFile> list() const;
  size_t closed() const noexcept { return files_.size(); }
  std::string_view open_name() const noexcept { return open_.name; }
  uint64_t offered() const noexcept { return offered_; }  // packets that put() tried to write
  uint64_t written() const noexcept;                      // of them, those that are in files or were
  uint64_t written_bytes() const noexcept;
  uint64_t deleted() const noexcept { return deleted_; }
  uint64_t open_packets() const noexcept { return writer_ != nullptr ? writer_->packets() : 0; }

 private:
  struct Interface {
    uint16_t port;
    uint16_t link_type;
    uint32_t number;
    InterfaceStatistics statistics;
  };
  Interface* interface_of(const Packet& packet, const CaptureNames& names);
  bool make_room(uint64_t bytes);
  void account();
  void note_fault();

  Plan plan_;
  DiskQuota& quota_;
  std::unique_ptr<CaptureWriter> writer_;
  CaptureFile open_;
  Timestamp opened_;
  std::vector<Interface> interfaces_;  // of the open file
  std::vector<CaptureFile> files_;     // closed ones, oldest first
  FlowNotes notes_;
  uint64_t number_ = 0;
  uint64_t accounted_ = 0;             // of the open file, in the quota
  uint64_t offered_ = 0;
  uint64_t closed_packets_ = 0, closed_bytes_ = 0;
  uint64_t deleted_ = 0;
  std::string fault_;
  int error_ = 0;
};

}  // namespace wirewatch
