// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/handshake.h"

#include <limits>

namespace wirewatch {
namespace {

constexpr uint8_t kAck = 0x10, kSyn = 0x02;

void count(uint16_t& counter) noexcept {
  if (counter < std::numeric_limits<uint16_t>::max()) ++counter;
}

/// Does `acknowledgment` cover the SYN, and at most the data it carried? Sequence numbers wrap.
bool acknowledges_syn(const Handshake& handshake, uint32_t acknowledgment) noexcept {
  return acknowledgment - (handshake.client_sequence + 1) <= handshake.syn_payload;
}

}  // namespace

void Handshake::begin(const TcpSegment& syn, Timestamp arrival, uint64_t frame) noexcept {
  *this = Handshake{};
  first_syn = last_syn = arrival;
  syn_frame = frame;
  client_sequence = syn.sequence;
  syn_payload = syn.payload_length;
  client_is_low = syn.from_low;
  state = HandshakeState::SynSent;
}

void Handshake::resend_syn(Timestamp arrival) noexcept {
  last_syn = arrival;
  count(syn_retransmissions);
}

void Handshake::observe(const TcpSegment& segment, Timestamp arrival) noexcept {
  const bool from_client = segment.from_low == client_is_low;
  if (is_syn_ack(segment.flags)) {
    if (from_client || !acknowledges_syn(*this, segment.acknowledgment)) return;
    if (state == HandshakeState::SynSent) {
      syn_ack = arrival;
      server_sequence = segment.sequence;
      state = HandshakeState::SynAckSeen;
    } else {
      count(syn_ack_retransmissions);
    }
    return;
  }
  if ((segment.flags & (kAck | kSyn)) == kAck && !has_initial_rtt) {
    initial_rtt_ns = arrival.since(last_syn);
    has_initial_rtt = true;
  }
  if (is_rst(segment.flags)) {
    // A RST that answers the SYN refuses it; once a SYN,ACK was seen, the attempt stays half-open.
    if (state == HandshakeState::SynSent) state = HandshakeState::Refused;
    return;
  }
  const bool completes = state == HandshakeState::SynAckSeen && from_client && (segment.flags & kAck) != 0 &&
                         static_cast<int32_t>(segment.acknowledgment - (server_sequence + 1)) >= 0;
  if (completes) {
    ack = arrival;
    state = HandshakeState::Established;
  }
}

}  // namespace wirewatch
