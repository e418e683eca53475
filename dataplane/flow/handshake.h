// SPDX-License-Identifier: BSD-3-Clause
// Times one TCP connection attempt: SYN, SYN,ACK, ACK. Time is an argument; nothing here reads a clock, so replay and
// live give the same answer. Definitions and oracles: DESIGN section 3, "Handshake".
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

/// The part of a TCP segment that handshake timing looks at.
struct TcpSegment {
  uint32_t sequence = 0;
  uint32_t acknowledgment = 0;
  uint8_t flags = 0;
  uint32_t payload_length = 0;
  bool from_low = false;  // which end of the flow's key sent it
};

enum class HandshakeState : uint8_t {
  None,         // no SYN seen, or the attempt is over and handed on
  SynSent,      // waiting for the server
  SynAckSeen,   // waiting for the client's ACK
  Established,  // over, to be handed on
  Refused,      // over, to be handed on
};

struct Handshake {
  Timestamp first_syn;
  Timestamp last_syn;
  Timestamp syn_ack;
  Timestamp ack;
  int64_t initial_rtt_ns = 0;
  uint64_t syn_frame = 0;
  uint32_t client_sequence = 0;
  uint32_t server_sequence = 0;
  uint32_t syn_payload = 0;       // RFC 7413: data in the SYN
  uint16_t syn_retransmissions = 0;
  uint16_t syn_ack_retransmissions = 0;
  HandshakeState state = HandshakeState::None;
  bool client_is_low = false;
  bool has_initial_rtt = false;
  uint16_t clock_epoch = 0;       // live: of the clocks, when the SYN came; set by who began it

  bool open() const noexcept { return state == HandshakeState::SynSent || state == HandshakeState::SynAckSeen; }
  bool over() const noexcept { return state == HandshakeState::Established || state == HandshakeState::Refused; }

  /// Begins an attempt with its first SYN.
  void begin(const TcpSegment& syn, Timestamp arrival, uint64_t frame) noexcept;
  /// A SYN with the same sequence number as the open attempt.
  void resend_syn(Timestamp arrival) noexcept;
  /// Any segment that is not a SYN, while the attempt is open. Afterwards over() may be true.
  void observe(const TcpSegment& segment, Timestamp arrival) noexcept;
};

/// SYN set; ACK, RST and FIN clear. ECE and CWR may be set (RFC 3168), data may follow (RFC 7413).
constexpr bool is_syn(uint8_t flags) noexcept { return (flags & 0x17) == 0x02; }
constexpr bool is_syn_ack(uint8_t flags) noexcept { return (flags & 0x12) == 0x12; }
constexpr bool is_rst(uint8_t flags) noexcept { return (flags & 0x04) != 0; }

}  // namespace wirewatch
