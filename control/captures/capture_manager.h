// SPDX-License-Identifier: BSD-3-Clause
// The capture sessions of the daemon and the thread that feeds them: it asks the data plane for taps, empties the rings,
// and gives every packet to the sessions it is for. Any thread may call; nobody waits for a disk, apart from start(),
// stop() and erase(), which wait for at most one batch of packets.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/captures/capture_names.h"
#include "control/captures/capture_spec.h"
#include "control/captures/capture_view.h"
#include "control/captures/trigger_facts.h"
#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/capture/capture_writer.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch {

class CaptureManager {
 public:
  struct Options {
    std::string directory;     // made, 0700, with the first session
    uint64_t quota_bytes = uint64_t{10} << 30;
    unsigned most_sessions = 16;  // that run at once, at most as many as a worker takes taps
    std::function<Timestamp()> now{};  // UTC; the system's clock when empty
    CaptureOrigin origin{};
    std::function<void(const std::string&)> log{};  // sentences for the journal
  };
  /// Sends a command to the data plane, whose answer goes to taps_answered(). Called by the capture thread, which holds
  /// no lock of its own meanwhile; it should not wait.
  using Taps = std::function<void(nlohmann::json command)>;

  /// Finds the sessions of earlier daemons in the directory: those that were cut short are stopped as "interrupted".
  CaptureManager(Options options, Taps taps);
  /// Ends every session as "interrupted", with its files whole.
  ~CaptureManager();
  CaptureManager(const CaptureManager&) = delete;
  CaptureManager& operator=(const CaptureManager&) = delete;

  /// read_capture_spec() with the applications known at present.
  Result<CaptureSpec> read_spec(std::string_view json) const;
  Result<CaptureView> start(const CaptureSpec& spec);
  /// A session that has stopped already is left as it is.
  Result<CaptureView> stop(std::string_view name);
  /// Stops the session if need be and deletes its files and folder.
  Result<void> erase(std::string_view name);
  std::vector<CaptureView> list() const;
  Result<CaptureView> show(std::string_view name) const;
  /// For download: nothing but a file of the session's list is ever named. One that is being written goes on growing, and ends
  /// at most a second ago.
  Result<std::string> file_path(std::string_view name, std::string_view file) const;

  void set_names(CaptureNames names);
  /// A data plane is there: the taps are asked for at once.
  void dataplane_connected();
  /// It is gone, or does not answer. What is left in its rings is still taken.
  void dataplane_lost(std::string reason);
  /// The data plane's answer to the last command, with the descriptor that came beside it (-1 without one).
  void taps_answered(const nlohmann::json& answer, FileDescriptor region);
  /// Once a second.
  void look(const TriggerFacts& facts);

  /// Sums over all sessions so far, erased ones included, for metrics.
  struct Totals {
    uint64_t sessions_running = 0;
    uint64_t bytes_on_disk = 0;  // of all capture files
    uint64_t quota_bytes = 0;
    CaptureCounts counts;
    uint64_t damaged_records = 0;  // records of a ring that made no sense
    uint64_t unclaimed = 0;        // packets for sessions that nobody knows any more
  };
  Totals totals() const;

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace wirewatch
