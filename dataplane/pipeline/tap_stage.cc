// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/tap_stage.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "dataplane/pipeline/worker.h"

namespace wirewatch {
namespace {

TappedPacket describe(const Packet& packet, const FlowFacts& facts, bool blocked) noexcept {
  TappedPacket head;
  head.original_length = packet.original_length;
  head.link_type = packet.link_type;
  head.port = packet.interface;
  head.time_ns = packet.time.ns;
  head.application = facts.application;
  head.evidence = static_cast<uint8_t>(facts.evidence);
  head.flags = static_cast<uint8_t>((facts.ambiguous ? TappedPacket::kAmbiguous : 0) |
                                    (facts.has_handshake ? TappedPacket::kHasHandshake : 0) | (blocked ? TappedPacket::kBlocked : 0));
  head.flow_packets = static_cast<uint32_t>(std::min<uint64_t>(facts.packets, std::numeric_limits<uint32_t>::max()));
  head.flow_bytes = facts.bytes;
  head.syn_ack_rtt_ns = facts.syn_ack_rtt_ns;
  head.ack_rtt_ns = facts.ack_rtt_ns;
  head.initial_rtt_ns = facts.initial_rtt_ns;
  head.syn_retransmissions = facts.syn_retransmissions;
  head.syn_ack_retransmissions = facts.syn_ack_retransmissions;
  head.outcome_code = facts.outcome ? static_cast<uint8_t>(static_cast<uint8_t>(*facts.outcome) + 1) : uint8_t{0};
  return head;
}

}  // namespace

std::unique_ptr<TapOrder> TapStage::adopt(std::unique_ptr<TapOrder> next) noexcept {
  std::swap(order_, next);
  active_ = !order_->taps.empty();
  order_->ring->begin_set(order_->taps.number(), order_->taps.ids());
  return next;
}

void TapStage::on_packet(Worker& worker, const Packet& packet, const Layers& layers, bool blocked) noexcept {
  TapSet& taps = order_->taps;
  FlowFacts facts;
  if (taps.needs_flow()) facts = worker.facts(layers);
  const TapSet::Match match = taps.match(packet, layers, facts);
  if (match.taps == 0) return;
  if (!taps.needs_flow()) facts = worker.facts(layers);
  TappedPacket head = describe(packet, facts, blocked);
  head.taps = match.taps;
  order_->ring->write(head, packet.bytes().first(std::min(packet.captured_length, match.snap_length)));
}

}  // namespace wirewatch
