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
    size_t recent = 10'000;    // a quarter of it for attempts that nothing answered: a flood of them pushes out no answered one
    HandshakeWindows::Bounds windows{};
    size_t ports = 32;         // capture ports with histograms
    size_t server_ports = 16;  // with a histogram of their own on each; the first ones seen keep theirs
  };

  /// By capture port, then by server port; port 0 is the rest.
  using PortHistograms = std::map<uint16_t, std::map<uint16_t, RttHistogram>>;

  explicit HandshakeLog(const Bounds& bounds) : bounds_(bounds), windows_(bounds.windows) {}

  void observe(const HandshakeRecord& handshake, int64_t now_ns);

  /// Newest first, as long as `visit` says so.
  template <typename Visit>
  void for_each_recent(Visit visit) const {
    auto answered = answered_.rbegin();
    auto unanswered = unanswered_.rbegin();
    while (answered != answered_.rend() || unanswered != unanswered_.rend()) {
      const bool take_answered = unanswered == unanswered_.rend() || (answered != answered_.rend() && answered->number > unanswered->number);
      if (!visit(take_answered ? (answered++)->record : (unanswered++)->record)) return;
    }
  }
  HandshakeWindows& windows() noexcept { return windows_; }
  const HandshakeWindows& windows() const noexcept { return windows_; }
  const HandshakeCounts& totals() const noexcept { return totals_; }
  /// Goes on from totals and histograms made before; of more ports than the bounds allow, the first.
  void go_on_from(HandshakeCounts totals, PortHistograms by_port);
  /// The same from recent handshakes and HandshakeWindows::words(); false, and nothing is taken up, when they are none.
  /// They come oldest first.
  bool go_on_from(std::span<const HandshakeRecord> recent, std::span<const uint64_t> windows, int64_t now_ns) {
    if (!windows_.assign(windows, now_ns)) return false;
    for (const HandshakeRecord& each : recent) keep(each);
    return true;
  }
  const PortHistograms& by_capture_port() const noexcept { return by_port_; }

 private:
  struct Kept {
    uint64_t number;
    HandshakeRecord record;
  };
  void keep(const HandshakeRecord& handshake);

  Bounds bounds_;
  uint64_t number_ = 0;  // of the next one
  std::deque<Kept> answered_, unanswered_;  // oldest first
  HandshakeWindows windows_;
  HandshakeCounts totals_;
  PortHistograms by_port_;
};

}  // namespace wirewatch
