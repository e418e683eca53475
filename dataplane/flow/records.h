// SPDX-License-Identifier: BSD-3-Clause
// What the flow stage hands on when something is finished: a handshake, a flow. Plain values, so that they can
// cross a shared-memory ring or fill a report alike.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/flow/name_sheet.h"
#include "dataplane/packet/endpoint.h"
#include "dataplane/packet/traffic.h"

namespace wirewatch {

enum class HandshakeOutcome : uint8_t {
  Established,  // SYN, SYN,ACK and the client's ACK of it
  Refused,      // a RST answered
  Unanswered,   // nothing answered before the time-out or the end of the capture
  HalfOpen,     // SYN,ACK seen, no ACK
};

constexpr std::string_view to_string(HandshakeOutcome outcome) noexcept {
  switch (outcome) {
    case HandshakeOutcome::Established:
      return "established";
    case HandshakeOutcome::Refused:
      return "refused";
    case HandshakeOutcome::Unanswered:
      return "unanswered";
    case HandshakeOutcome::HalfOpen:
      return "half-open";
  }
  return "unanswered";
}

/// One connection attempt. Durations in nanoseconds; see DESIGN "Handshake" for what each leg is.
struct HandshakeRecord {
  Endpoint client;
  Endpoint server;
  HandshakeOutcome outcome = HandshakeOutcome::Unanswered;
  Timestamp syn_time;                                 // the first SYN
  std::optional<Timestamp> syn_ack_time;              // the first SYN,ACK that acknowledges it
  std::optional<int64_t> syn_ack_rtt_ns;              // tcp.analysis.ack_rtt on the SYN,ACK
  std::optional<int64_t> ack_rtt_ns;                  // SYN,ACK to the client's ACK of it
  std::optional<int64_t> initial_rtt_ns;              // tcp.analysis.initial_rtt
  uint32_t syn_retransmissions = 0;
  uint32_t syn_ack_retransmissions = 0;
  uint64_t syn_frame = 0;                             // frame number of the first SYN; 0 when live
  uint16_t interface = 0;                             // port the first SYN came in on, when live
  bool clock_unsteady = false;                        // live: a clock it was timed by was stepped or unsettled meanwhile

  /// Karn: a resent SYN or SYN,ACK leaves open which copy was answered; listed, but kept out of percentiles.
  bool ambiguous() const noexcept { return syn_retransmissions + syn_ack_retransmissions > 0; }
  /// Whether syn_ack_rtt_ns is known and counts in histograms and percentiles.
  bool timed() const noexcept { return syn_ack_rtt_ns.has_value() && !ambiguous() && !clock_unsteady; }
};

/// One flow of the innermost addresses and ports, from its first to its last frame.
struct FlowRecord {
  Endpoint client;
  Endpoint server;
  uint8_t ip_protocol = 0;                // 6 TCP, 17 UDP, 132 SCTP (IANA protocol numbers)
  Evidence evidence = Evidence::None;
  ApplicationId application = kUnknownApplication;
  uint16_t signature = 0;
  bool client_known = false;              // a SYN told who the client is; otherwise it is the likelier end
  bool has_payload = false;               // at least one frame carried a byte for the application
  Timestamp first_time;
  Timestamp last_time;
  Traffic to_server;
  Traffic to_client;
  uint64_t first_frame = 0;               // frame number of the first frame
  std::string_view host;                  // empty when none is known; lives as long as the worker's name arena
  NameSheet names;                        // what else was read inside it; the same
  uint16_t interface = 0;                 // port its first frame came in on, when live
  HostSource host_source = HostSource::None;

  Traffic total() const noexcept { return {to_server.packets + to_client.packets, to_server.bytes + to_client.bytes}; }
};

/// Why a flow is no more.
enum class CloseReason : uint8_t {
  Open,     // it still is
  Ended,    // reset, or finished by both ends, or its ports were used again
  Idle,     // nothing for longer than its time-out
  Evicted,  // it gave way to another for want of room
  Stopped,  // the source ended
};

constexpr std::string_view to_string(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::Open:
      return "open";
    case CloseReason::Ended:
      return "ended";
    case CloseReason::Idle:
      return "idle";
    case CloseReason::Evicted:
      return "evicted";
    case CloseReason::Stopped:
      return "stopped";
  }
  return "open";
}

/// What a flow is known by for as long as the data plane runs.
struct FlowId {
  uint32_t slot = 0;
  uint16_t worker = 0;
  uint16_t incarnation = 0;  // of the slot; goes round after 65,536 flows
  friend auto operator<=>(const FlowId&, const FlowId&) noexcept = default;
};

/// One of the records that tell a live flow as it goes on: the record's traffic is what came since the one before.
struct FlowProgress {
  FlowId id;
  CloseReason reason = CloseReason::Open;  // anything else makes it the flow's last record
  bool blocked = false;                    // its frames are being dropped
  bool names_are_news = false;             // the record's NameSheet has not been handed on before
  Traffic total_to_server;                 // since it began
  Traffic total_to_client;

  bool final() const noexcept { return reason != CloseReason::Open; }
};

constexpr std::string_view transport_name(uint8_t ip_protocol) noexcept {
  switch (ip_protocol) {
    case 6:
      return "tcp";
    case 17:
      return "udp";
    case 132:
      return "sctp";
    case 33:
      return "dccp";
    case 136:
      return "udplite";
    default:
      return "none";
  }
}

}  // namespace wirewatch
