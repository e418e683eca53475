// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/handshake_log.h"

namespace wirewatch {

void HandshakeLog::observe(const HandshakeRecord& handshake, int64_t now_ns) {
  recent_.push_back(handshake);
  if (recent_.size() > bounds_.recent) recent_.pop_front();
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
