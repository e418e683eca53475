// SPDX-License-Identifier: BSD-3-Clause
// What can be asked of a worker about the flow of a packet it has just seen.
#include "dataplane/pipeline/worker.h"

namespace wirewatch {
namespace {

/// An attempt that was handed on leaves its times behind until the record is given back.
void add_handshake(const Handshake& handshake, FlowFacts& facts) noexcept {
  if (handshake.first_syn == Timestamp{} && !handshake.open()) return;
  facts.has_handshake = true;
  facts.syn_retransmissions = handshake.syn_retransmissions;
  facts.syn_ack_retransmissions = handshake.syn_ack_retransmissions;
  facts.ambiguous = handshake.syn_retransmissions + handshake.syn_ack_retransmissions > 0;
  if (handshake.has_initial_rtt) facts.initial_rtt_ns = handshake.initial_rtt_ns;
  const bool answered = handshake.state == HandshakeState::SynAckSeen || handshake.syn_ack != Timestamp{};
  if (answered) facts.syn_ack_rtt_ns = handshake.syn_ack.since(handshake.first_syn);
  if (handshake.open()) return;
  if (!answered) {
    facts.outcome = HandshakeOutcome::Refused;
  } else if (handshake.ack == Timestamp{}) {
    facts.outcome = HandshakeOutcome::HalfOpen;
  } else {
    facts.outcome = HandshakeOutcome::Established;
    facts.ack_rtt_ns = handshake.ack.since(handshake.syn_ack);
  }
}

}  // namespace

FlowFacts Worker::facts(const Layers& layers) noexcept {
  FlowFacts facts;
  if (!layers.has_flow) return facts;
  const uint32_t slot = flows_.find(layers.key, layers.flow_hash);
  if (slot == kNoSlot) return facts;
  const Flow& flow = flows_[slot];
  const FlowRest& rest = flows_.rest(slot);
  facts.application = rest.application;
  facts.evidence = rest.evidence;
  for (const SmallCounts& sent : flow.recent) {
    facts.packets += sent.packets;
    facts.bytes += sent.bytes;
  }
  if (flows_.keeps_totals()) {
    for (const Traffic& sent : flows_.totals(slot).sent) {
      facts.packets += sent.packets;
      facts.bytes += sent.bytes;
    }
  }
  for (uint32_t at = rest.other_paths; at != kNoSlot; at = other_paths_[at].next) {
    facts.packets += other_paths_[at].counts.packets;
    facts.bytes += other_paths_[at].counts.bytes;
  }
  if (flow.side != kNoSlot) add_handshake(sides_[flow.side].handshake, facts);
  return facts;
}

}  // namespace wirewatch
