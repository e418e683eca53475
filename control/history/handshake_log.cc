// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/handshake_log.h"

#include <iterator>
#include <utility>

namespace wirewatch {

void HandshakeLog::keep(const HandshakeRecord& handshake) {
  const bool unanswered = handshake.outcome == HandshakeOutcome::Unanswered;
  const size_t for_unanswered = bounds_.recent / 4;
  std::deque<Kept>& kept = unanswered ? unanswered_ : answered_;
  kept.push_back({number_++, handshake});
  if (kept.size() > (unanswered ? for_unanswered : bounds_.recent - for_unanswered)) kept.pop_front();
}

void HandshakeLog::go_on_from(HandshakeCounts totals, PortHistograms by_port) {
  totals_ = std::move(totals);
  by_port_ = std::move(by_port);
  while (by_port_.size() > bounds_.ports) by_port_.erase(std::prev(by_port_.end()));
}

void HandshakeLog::observe(const HandshakeRecord& handshake, int64_t now_ns) {
  keep(handshake);
  windows_.record(handshake, now_ns);
  totals_.add(handshake);
  if (!handshake.timed()) return;
  if (!by_port_.contains(handshake.interface) && by_port_.size() >= bounds_.ports) return;
  auto& histograms = by_port_[handshake.interface];
  const size_t owned = histograms.size() - histograms.count(0);
  const bool own = histograms.contains(handshake.server.port) || owned < bounds_.server_ports;
  histograms[own ? handshake.server.port : uint16_t{0}].record(*handshake.syn_ack_rtt_ns);
}

}  // namespace wirewatch
