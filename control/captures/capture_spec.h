// SPDX-License-Identifier: BSD-3-Clause
// What somebody asks a capture session to be: which packets, how many, into which files, and what sets it off. Read from
// the JSON of a request, strictly; what a session does with it is in capture_session.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/filter/filter.h"

namespace wirewatch {

/// Files of bounded size or time, of which the newest are kept.
struct FileRing {
  uint64_t file_bytes = 0;    // 0: not by size
  uint32_t file_seconds = 0;  // 0: not by time
  uint32_t files = 0;         // kept; 0: all of them

  bool rotates() const noexcept { return file_bytes != 0 || file_seconds != 0; }
  friend bool operator==(const FileRing&, const FileRing&) = default;
};

/// What makes a session record for a while. Every firing makes a file of its own.
struct TriggerSpec {
  enum class Kind : uint8_t {
    Every,     // again and again
    Calendar,  // at times of the calendar
    Unwanted,  // an alert about an unwanted application
    Rtt,       // a percentile of the time to the SYN,ACK is over a threshold
    Loss,      // packets were lost before anybody could look at them
  };
  struct Rtt {
    double percentile = 99;
    double above_ms = 0;
    std::string window = "1m";     // of the handshake history: 1m, 5m or 1h
    std::optional<uint16_t> port;  // of the server
    friend bool operator==(const Rtt&, const Rtt&) = default;
  };

  Kind kind = Kind::Every;
  uint32_t every_s = 0;
  std::string calendar;               // in systemd's syntax: "Mon..Fri 09:00"
  std::vector<std::string> unwanted;  // applications or categories; empty: any that raises an alert
  Rtt rtt;
  uint32_t for_s = 60;            // how long it records once it has fired
  uint32_t at_most_every_s = 300;  // between one firing and the next; 0 for schedules unless asked for
  uint32_t most = 10;             // firings whose files are kept; the oldest are deleted

  bool is_schedule() const noexcept { return kind == Kind::Every || kind == Kind::Calendar; }
  friend bool operator==(const TriggerSpec&, const TriggerSpec&) = default;
};

struct CaptureSpec {
  static constexpr uint32_t kWholePackets = 262'144;

  std::string name;
  std::string port;       // empty: every port
  std::string filter;     // display filter; not together with `bpf`
  std::string bpf;
  uint32_t snap_length = kWholePackets;
  uint64_t max_bytes = 0;    // of all files, the deleted ones included; 0: no limit
  uint64_t max_packets = 0;
  uint32_t max_seconds = 0;
  FileRing ring;
  std::string directory;  // folder inside the capture directory; the reader puts the name here when nothing is said
  std::optional<TriggerSpec> trigger;
  uint32_t before_seconds = 0;  // of packets from before a firing
  uint64_t before_bytes = 16 << 20;

  friend bool operator==(const CaptureSpec&, const CaptureSpec&) = default;
};

/// A session, folder or file name: letters, digits and _ . - only, 1 to `longest` of them, not beginning with a dot.
bool is_capture_name(std::string_view name, size_t longest = 64) noexcept;
inline constexpr size_t kLongestCaptureFileName = 128;

/// Refuses what it does not know, naming the nearest key, what is out of range, and filters that do not compile. `names`
/// are the applications a display filter may use.
Result<CaptureSpec> read_capture_spec(std::string_view json, const FilterNames& names = {});

/// What sets the session off, in words: "every 1 h for 1 min", "SYN,ACK p99 over 50 ms (1m)".
std::string describe(const TriggerSpec& trigger);

}  // namespace wirewatch
