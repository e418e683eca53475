// SPDX-License-Identifier: BSD-3-Clause
// How flows begin: with a SYN that is kept apart until something follows it, or with whatever frame comes first.
#include <algorithm>
#include <limits>

#include "dataplane/packet/transport_number.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;
constexpr uint16_t kWellKnownPorts = 1024;
constexpr int64_t kReuseAfter_ns = 60'000'000'000;  // a SYN after this long a silence begins a new flow

bool is_multicast(const IpAddress& address) noexcept {
  if (address.family == IpFamily::V6) return address.bytes[0] == 0xff;
  return (address.bytes[0] & 0xf0) == 0xe0 || address.bytes[0] == 0xff;
}

}  // namespace

uint32_t Worker::on_syn(const Packet& packet, const Layers& layers, uint32_t slot) noexcept {
  const TcpSegment segment = segment_of(layers);
  if (slot == kNoSlot) {
    const auto pending = syns_.take(layers.key, layers.flow_hash);
    const bool resent = pending && pending->sequence == segment.sequence && pending->client_is_low == segment.from_low;
    if (resent) {
      slot = promote(*pending, layers.flow_hash);
    } else {
      if (pending) end_pending_syn(*pending);
      const bool fits = packet.original_length > 0 && packet.original_length <= 0xffff;  // a hostile file may claim more
      const bool bare = segment.payload_length == 0 && !layers.tunneled && layers.key.vlan == 0 && layers.key.vni == 0 && fits;
      if (bare) {
        keep_syn(packet, layers);
        return kNoSlot;
      }
      slot = begin_flow(packet, layers);
    }
  }
  Flow* flow = &flows_[slot];
  FlowRest& rest = flows_.rest(slot);
  const bool same_attempt = flow->has(Flow::kSynSeen) && !flow->has(Flow::kReset) &&
                            rest.client_sequence == segment.sequence && flow->client_is_low() == segment.from_low;
  if (same_attempt) {
    if (flow->side != kNoSlot && sides_[flow->side].handshake.open()) {
      sides_[flow->side].handshake.resend_syn(packet.time);
    }
    return slot;
  }
  const bool used = flow->recent_packets() > 0 || flow->has(Flow::kFolded);
  const bool carried = flow->has(Flow::kPayloadSeen);
  const bool over = flow->closed() || !carried || packet.time.since(flow->last_time) > kReuseAfter_ns;
  if (used && over) {  // the ports are used again: another connection, another flow
    end_flow(slot, CloseReason::Ended);
    return on_syn(packet, layers, kNoSlot);
  }
  if (FlowSide* side = open_side(*flow)) {
    if (side->handshake.open()) hand_on_handshake(rest.key, rest.interface, side->handshake);
    side->handshake.begin(segment, packet.time, packet.number);
    side->handshake.clock_epoch = options_.clocks.epoch();
  }
  rest.client_sequence = segment.sequence;
  flow->clear(Flow::kClientIsLow | Flow::kReset);
  flow->set(static_cast<uint16_t>(Flow::kSynSeen | Flow::kClientKnown | (segment.from_low ? Flow::kClientIsLow : 0)));
  return slot;
}

void Worker::keep_syn(const Packet& packet, const Layers& layers) noexcept {
  const PendingSyn syn{.key = layers.key,
                       .client_is_low = layers.source_is_low,
                       .time = packet.time,
                       .sequence = layers.tcp_sequence,
                       .frame_length = static_cast<uint16_t>(std::min<uint32_t>(packet.original_length, 0xffff)),
                       .path = tables_.paths.id_of(layers.protocols),
                       .frame = live() ? LiveSyn{packet.interface, options_.clocks.epoch()}.packed() : packet.number};
  if (const auto evicted = syns_.insert(syn, layers.flow_hash)) {
    ++counters_.pending_syns_evicted;
    end_pending_syn(*evicted);
  }
}

/// A fresh flow, for which another gives way when there is no room.
uint32_t Worker::insert_flow(const FlowKey& key, uint64_t hash, uint64_t frame, Timestamp time) noexcept {
  if (flows_.room() == 0) {
    ++counters_.flows_evicted;
    end_flow(flows_.pick_victim(), CloseReason::Evicted);
  }
  ++live_.flows_begun;
  const uint32_t slot = flows_.insert(key, hash, live() ? 0 : frame);
  flows_[slot].last_time = flows_.rest(slot).first_time = time;
  return slot;
}

/// A pending SYN becomes a flow that has seen just that SYN.
uint32_t Worker::promote(const PendingSyn& syn, uint64_t hash) noexcept {
  const uint32_t slot = insert_flow(syn.key, hash, syn.frame, syn.time);
  Flow& flow = flows_[slot];
  FlowRest& rest = flows_.rest(slot);
  const size_t direction = syn.client_is_low ? 0 : 1;
  flow.recent[direction] = {.packets = 1, .bytes = syn.frame_length};
  flow.path[direction] = syn.path;
  rest.client_sequence = syn.sequence;
  if (live()) rest.interface = LiveSyn::of(syn).short_interface();
  flow.set(static_cast<uint16_t>(Flow::kSynSeen | Flow::kClientKnown | (syn.client_is_low ? Flow::kClientIsLow : 0)));
  if (FlowSide* side = open_side(flow)) {
    const TcpSegment segment{.sequence = syn.sequence, .flags = tcp_flag::kSyn, .from_low = syn.client_is_low};
    side->handshake.begin(segment, syn.time, live() ? 0 : syn.frame);
    side->handshake.clock_epoch = LiveSyn::of(syn).clock_epoch;
  }
  if (drop_list_) reconsider_blocking(slot, syn.time);
  return slot;
}

uint32_t Worker::begin_flow(const Packet& packet, const Layers& layers) noexcept {
  const uint32_t slot = insert_flow(layers.key, layers.flow_hash, packet.number, packet.time);
  if (live()) flows_.rest(slot).interface = static_cast<uint8_t>(std::min<uint16_t>(packet.interface, 0xff));
  guess_client(flows_[slot], layers);
  if (drop_list_) reconsider_blocking(slot, packet.time);
  return slot;
}

/// Without a SYN: who sends a SYN,ACK or to a group is a server or a client for sure; else the end on a well-known port
/// serves; else whoever spoke first is the client.
void Worker::guess_client(Flow& flow, const Layers& layers) noexcept {
  const bool source_is_low = layers.source_is_low;
  const IpAddress& destination_address = source_is_low ? IpAddress{layers.key.high_address, layers.key.family}
                                                       : IpAddress{layers.key.low_address, layers.key.family};
  const uint16_t source_port = source_is_low ? layers.key.low_port : layers.key.high_port;
  const uint16_t destination_port = source_is_low ? layers.key.high_port : layers.key.low_port;
  bool source_is_client = true;
  if (layers.key.ip_protocol == kTcp && is_syn_ack(layers.tcp_flags)) {
    source_is_client = false;
    flow.set(Flow::kClientKnown);
  } else if (!is_multicast(destination_address)) {
    source_is_client = source_port >= kWellKnownPorts || destination_port < kWellKnownPorts;
  }
  if (source_is_client == source_is_low) flow.set(Flow::kClientIsLow);
}

}  // namespace wirewatch
