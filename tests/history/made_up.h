// SPDX-License-Identifier: BSD-3-Clause
// Handshakes and flow events with only the parts that matter to a test.
#pragma once

#include "dataplane/pipeline/shared_event.h"

namespace wirewatch {

inline IpAddress host(uint8_t number) {
  const std::array<uint8_t, 4> bytes{10, 0, 0, number};
  return IpAddress::v4(bytes.data());
}

inline HandshakeRecord handshake_with(const Endpoint& server, int64_t rtt_ns, uint32_t resent = 0) {
  HandshakeRecord record;
  record.client = {host(200), 40'000};
  record.server = server;
  record.outcome = HandshakeOutcome::Established;
  record.syn_ack_rtt_ns = rtt_ns;
  record.syn_retransmissions = resent;
  return record;
}

/// Flow `slot`, which has carried `packets` of 100 bytes in each direction since its last event, `so_far` in all.
inline FlowEvent flow_event(uint32_t slot, uint64_t packets, uint64_t so_far, Evidence evidence = Evidence::None) {
  FlowEvent event;
  event.record.client = {host(1), static_cast<uint16_t>(slot)};
  event.record.server = {host(2), 443};
  event.record.ip_protocol = 6;
  event.record.evidence = evidence;
  event.record.has_payload = true;
  event.record.to_server = event.record.to_client = {packets, packets * 100};
  event.progress.id = {.slot = slot, .worker = 1, .incarnation = 0};
  event.progress.total_to_server = event.progress.total_to_client = {so_far, so_far * 100};
  return event;
}

inline FlowEvent ended(FlowEvent event) {
  event.progress.reason = CloseReason::Ended;
  return event;
}

}  // namespace wirewatch
