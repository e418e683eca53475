// SPDX-License-Identifier: BSD-3-Clause
// Handshakes as they come in: the most recent ones, windows of time, totals, and histograms per capture port for metrics.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <vector>

#include "control/history/handshake_windows.h"
#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {

class HandshakeLog {
 public:
  struct Bounds {
    size_t recent = 10'000;
    HandshakeWindows::Bounds windows{};
    size_t ports = 32;         // capture ports with histograms
    size_t server_ports = 16;  // with a histogram of their own on each; the first ones seen keep theirs
  };

  explicit HandshakeLog(const Bounds& bounds) : bounds_(bounds), windows_(bounds.windows) {}

  void observe(const HandshakeRecord& handshake, int64_t now_ns);

  /// Oldest first.
  const std::deque<HandshakeRecord>& recent() const noexcept { return recent_; }
  HandshakeWindows& windows() noexcept { return windows_; }
  const HandshakeWindows& windows() const noexcept { return windows_; }
  const HandshakeCounts& totals() const noexcept { return totals_; }
  /// Goes on from totals made before.
  void go_on_from(HandshakeCounts totals) { totals_ = std::move(totals); }
  /// The same from recent handshakes and HandshakeWindows::words(); false, and nothing is taken up, when they are none.
  bool go_on_from(std::deque<HandshakeRecord> recent, std::span<const uint64_t> windows, int64_t now_ns) {
    if (!windows_.assign(windows, now_ns)) return false;
    recent_ = std::move(recent);
    return true;
  }
  /// By capture port, then by server port; port 0 is the rest.
  const std::map<uint16_t, std::map<uint16_t, RttHistogram>>& by_capture_port() const noexcept { return by_port_; }

 private:
  Bounds bounds_;
  std::deque<HandshakeRecord> recent_;
  HandshakeWindows windows_;
  HandshakeCounts totals_;
  std::map<uint16_t, std::map<uint16_t, RttHistogram>> by_port_;
};

}  // namespace wirewatch
