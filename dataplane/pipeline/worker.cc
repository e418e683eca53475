// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/worker.h"

#include <algorithm>
#include <limits>

namespace wirewatch {
namespace {

constexpr uint8_t kTcp = 6;
constexpr uint16_t kWellKnownPorts = 1024;
constexpr int64_t kReuseAfter_ns = 60'000'000'000;  // a SYN after this long a silence begins a new flow

bool carries_payload(const Layers& layers) noexcept {
  return layers.payload_length > 0 && layers.payload_layer == layers.depth;
}

TcpSegment segment_of(const Layers& layers) noexcept {
  return {.sequence = layers.tcp_sequence,
          .acknowledgment = layers.tcp_acknowledgment,
          .flags = layers.tcp_flags,
          .payload_length = layers.payload_length,
          .from_low = layers.source_is_low};
}

bool is_multicast(const IpAddress& address) noexcept {
  if (address.family == IpFamily::V6) return address.bytes[0] == 0xff;
  return (address.bytes[0] & 0xf0) == 0xe0 || address.bytes[0] == 0xff;
}

}  // namespace

Worker::Worker(const WorkerOptions& options, std::shared_ptr<const RuleSet> rules, EventSink& sink)
    : options_(options),
      sink_(sink),
      classifier_(std::move(rules)),
      flows_(options.max_flows),
      syns_(options.max_pending_syns),
      sides_(options.max_flows),
      other_paths_(options.max_flows),
      names_(options.max_name_bytes),
      tables_(options.max_table_rows) {}

void Worker::make_room(size_t frames) {
  flows_.make_room(frames);
  syns_.make_room(frames);
  sides_.make_room(frames);
  other_paths_.make_room(frames);
  names_.make_room();
  tables_.make_room(frames);
}

/// What a flow needs is on its way from memory while the packets before it are worked on: first the bucket of the index,
/// some packets later the flow that the bucket names.
uint64_t Worker::process(std::span<const ParsedPacket> packets) {
  constexpr size_t kFlowAhead = 16, kBucketAhead = 32;
  make_room(packets.size());
  for (size_t i = 0; i < packets.size() + kBucketAhead; ++i) {
    if (i < packets.size() && packets[i].layers->has_flow) flows_.prefetch(packets[i].layers->flow_hash);
    const size_t next = i - (kBucketAhead - kFlowAhead);
    if (next < packets.size() && packets[next].layers->has_flow) flows_.prefetch_flow(packets[next].layers->flow_hash);
    if (i < kBucketAhead) continue;
    const ParsedPacket& each = packets[i - kBucketAhead];
    count(*each.packet, *each.layers);
    observe(*each.packet, *each.layers);
  }
  return 0;
}

void Worker::count(const Packet& packet, const Layers& layers) noexcept {
  ++counters_.by_status[static_cast<size_t>(layers.status)];
  counters_.total += {1, packet.original_length};
  if (packet.time == kNoTimestamp) return;
  if (!counters_.first_time || packet.time < *counters_.first_time) counters_.first_time = packet.time;
  if (!counters_.last_time || packet.time > *counters_.last_time) counters_.last_time = packet.time;
}

void Worker::observe(const Packet& packet, const Layers& layers) noexcept {
  if (!layers.has_flow) {
    observe_without_flow(packet, layers);
    return;
  }
  if (counted_by_frame(layers.tunneled, layers.payload_layer == layers.depth)) count_outer(packet, layers);
  uint32_t slot = flows_.find(layers.key, layers.flow_hash);
  if (layers.key.ip_protocol == kTcp) {
    slot = tcp_flow(packet, layers, slot);
    if (slot == kNoSlot) return;  // a bare SYN, kept apart
  } else if (slot == kNoSlot) {
    slot = begin_flow(packet, layers);
  }
  Flow& flow = flows_[slot];
  count_in_flow(flow, packet, layers);
  if (layers.payload_length > 0 && !flow.has(Flow::kClassified)) classify(slot, packet, layers);
}

void Worker::observe_without_flow(const Packet& packet, const Layers& layers) noexcept {
  const Traffic one{1, packet.original_length};
  Side side = Side::Unknown;
  if (layers.outer_family != IpFamily::None) {
    count_outer(packet, layers);
    if (!options_.local_networks.empty()) {
      const uint8_t* header = packet.data + layers.inner_offset;
      side = side_of(ip_source(header, layers.inner_family), ip_destination(header, layers.inner_family), side);
    }
  }
  const uint16_t path = tables_.paths.id_of(layers.protocols);
  tables_.count_path(path, side, one);
}

/// Destinations and endpoints by the outermost header, or by the innermost when the options say so.
void Worker::count_outer(const Packet& packet, const Layers& layers) noexcept {
  const Traffic one{1, packet.original_length};
  const bool inner = options_.inner_destinations && layers.inner_offset != layers.outer_offset;
  const IpFamily family = inner ? layers.inner_family : layers.outer_family;
  const uint8_t* header = packet.data + (inner ? layers.inner_offset : layers.outer_offset);
  const IpAddress destination = ip_destination(header, family);
  const Endpoint end{destination, inner ? uint16_t{0} : layers.outer_destination_port};
  tables_.count_destination(end, inner ? uint8_t{0} : layers.outer_ip_protocol, one);
  tables_.count_endpoint(destination, {.sent = {}, .received = one});
  tables_.count_endpoint(ip_source(header, family), {.sent = one, .received = {}});
}

/// The slot of the segment's flow, begun if need be; kNoSlot when it is a bare SYN that waits in the SYN table.
uint32_t Worker::tcp_flow(const Packet& packet, const Layers& layers, uint32_t slot) noexcept {
  const TcpSegment segment = segment_of(layers);
  if (is_syn(segment.flags)) return on_syn(packet, layers, slot);
  if (slot == kNoSlot) {
    const auto pending = syns_.take(layers.key, layers.flow_hash);
    slot = pending ? promote(*pending, layers.flow_hash) : begin_flow(packet, layers);
  }
  observe_handshake(slot, segment, packet.time);
  Flow& flow = flows_[slot];
  if (is_rst(segment.flags)) flow.flags |= Flow::kReset;
  if ((segment.flags & tcp_flag::kFin) != 0) flow.flags |= segment.from_low ? Flow::kFinLow : Flow::kFinHigh;
  return slot;
}

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
  const bool same_attempt = flow->has(Flow::kSynSeen) && !flow->has(Flow::kReset) &&
                            flow->client_sequence == segment.sequence && flow->client_is_low() == segment.from_low;
  if (same_attempt) {
    if (flow->side != kNoSlot && sides_[flow->side].handshake.open()) {
      sides_[flow->side].handshake.resend_syn(packet.time);
    }
    return slot;
  }
  const bool used = flow->counts[0].packets + flow->counts[1].packets > 0;
  const bool carried = flow->counts[0].payload_packets + flow->counts[1].payload_packets > 0;
  const bool over = flow->closed() || !carried || packet.time.since(flow->last_time) > kReuseAfter_ns;
  if (used && over) {  // the ports are used again: another connection, another flow
    end_flow(slot);
    return on_syn(packet, layers, kNoSlot);
  }
  if (FlowSide* side = open_side(*flow)) {
    if (side->handshake.open()) hand_on_handshake(*flow, side->handshake);
    side->handshake.begin(segment, packet.time, packet.number);
  }
  flow->client_sequence = segment.sequence;
  flow->flags = static_cast<uint8_t>((flow->flags & ~(Flow::kClientIsLow | Flow::kReset)) | Flow::kSynSeen |
                                     Flow::kClientKnown | (segment.from_low ? Flow::kClientIsLow : 0));
  return slot;
}

void Worker::keep_syn(const Packet& packet, const Layers& layers) noexcept {
  const PendingSyn syn{.key = layers.key,
                       .client_is_low = layers.source_is_low,
                       .time = packet.time,
                       .sequence = layers.tcp_sequence,
                       .frame_length = static_cast<uint16_t>(std::min<uint32_t>(packet.original_length, 0xffff)),
                       .path = tables_.paths.id_of(layers.protocols),
                       .frame = packet.number};
  if (const auto evicted = syns_.insert(syn, layers.flow_hash)) {
    ++counters_.pending_syns_evicted;
    end_pending_syn(*evicted);
  }
}

/// A pending SYN becomes a flow that has seen just that SYN.
uint32_t Worker::promote(const PendingSyn& syn, uint64_t hash) noexcept {
  if (flows_.room() == 0) {
    ++counters_.flows_evicted;
    end_flow(flows_.pick_victim());
  }
  const uint32_t slot = flows_.insert(syn.key, hash, syn.frame);
  Flow& flow = flows_[slot];
  const size_t direction = syn.client_is_low ? 0 : 1;
  flow.first_time = flow.last_time = syn.time;
  flow.counts[direction] = {.bytes = syn.frame_length, .packets = 1};
  flow.path[direction] = syn.path;
  flow.client_sequence = syn.sequence;
  flow.flags = static_cast<uint8_t>(Flow::kSynSeen | Flow::kClientKnown | (syn.client_is_low ? Flow::kClientIsLow : 0));
  if (FlowSide* side = open_side(flow)) {
    const TcpSegment segment{.sequence = syn.sequence, .flags = tcp_flag::kSyn, .from_low = syn.client_is_low};
    side->handshake.begin(segment, syn.time, syn.frame);
  }
  return slot;
}

uint32_t Worker::begin_flow(const Packet& packet, const Layers& layers) noexcept {
  if (flows_.room() == 0) {
    ++counters_.flows_evicted;
    end_flow(flows_.pick_victim());
  }
  const uint32_t slot = flows_.insert(layers.key, layers.flow_hash, packet.number);
  Flow& flow = flows_[slot];
  flow.first_time = flow.last_time = packet.time;
  guess_client(flow, layers);
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
    flow.flags |= Flow::kClientKnown;
  } else if (!is_multicast(destination_address)) {
    source_is_client = source_port >= kWellKnownPorts || destination_port < kWellKnownPorts;
  }
  if (source_is_client == source_is_low) flow.flags |= Flow::kClientIsLow;
}

void Worker::observe_handshake(uint32_t slot, const TcpSegment& segment, Timestamp time) noexcept {
  Flow& flow = flows_[slot];
  if (flow.side == kNoSlot) return;
  Handshake& handshake = sides_[flow.side].handshake;
  if (!handshake.open()) return;
  handshake.observe(segment, time);
  if (!handshake.over()) return;
  hand_on_handshake(flow, handshake);
  close_side_if_settled(flow);
}

void Worker::count_in_flow(Flow& flow, const Packet& packet, const Layers& layers) noexcept {
  flow.first_time = std::min(flow.first_time, packet.time);
  flow.last_time = std::max(flow.last_time, packet.time);
  DirectionCounts& counts = counts_of_path(flow, layers);
  ++counts.packets;
  counts.bytes += packet.original_length;
  if (!carries_payload(layers)) return;
  ++counts.payload_packets;
  counts.payload_bytes += packet.original_length;
}

/// Nearly always the flow's own counts; frames of a further path are counted apart, since they fold into other rows.
DirectionCounts& Worker::counts_of_path(Flow& flow, const Layers& layers) noexcept {
  const size_t direction = layers.source_is_low ? 0 : 1;
  uint16_t& path = flow.path[direction];
  if (path != kNoPath && tables_.paths.is(path, layers.protocols)) [[likely]] return flow.counts[direction];
  const uint16_t id = tables_.paths.id_of(layers.protocols);
  if (path == kNoPath) path = id;
  if (path == id) return flow.counts[direction];
  for (uint32_t at = flow.other_paths; at != kNoSlot; at = other_paths_[at].next) {
    OtherPath& other = other_paths_[at];
    if (other.path == id && other.from_low == layers.source_is_low) return other.counts;
  }
  if (other_paths_.room() == 0) {
    ++counters_.other_paths_refused;
    return flow.counts[direction];
  }
  const uint32_t slot = other_paths_.take();
  other_paths_[slot] = {.counts = {}, .path = id, .from_low = layers.source_is_low, .next = flow.other_paths};
  flow.other_paths = slot;
  return other_paths_[slot].counts;
}

FlowSide* Worker::open_side(Flow& flow) noexcept {
  if (flow.side == kNoSlot) {
    if (sides_.room() == 0) {
      ++counters_.not_classified_for_room;
      return nullptr;
    }
    flow.side = sides_.take();
    sides_[flow.side] = FlowSide{};
  }
  return &sides_[flow.side];
}

void Worker::close_side_if_settled(Flow& flow) noexcept {
  if (flow.side == kNoSlot || !flow.has(Flow::kClassified) || sides_[flow.side].handshake.open()) return;
  sides_.give_back(flow.side);
  flow.side = kNoSlot;
}

void Worker::classify(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  Flow& flow = flows_[slot];
  FlowSide* side = open_side(flow);
  if (side == nullptr) {
    flow.flags |= Flow::kClassified;
    return;
  }
  const size_t direction = layers.source_is_low ? 0 : 1;
  if (layers.key.ip_protocol == kTcp) {
    if (side->scanned[direction] && side->scanned_sequence[direction] == layers.tcp_sequence) return;
    side->scanned[direction] = true;
    side->scanned_sequence[direction] = layers.tcp_sequence;
  }
  const bool from_client = layers.source_is_low == flow.client_is_low();
  const bool low_serves = !flow.client_is_low();
  const FlowPayload payload{
      .ip_protocol = layers.key.ip_protocol,
      .direction = !flow.has(Flow::kClientKnown) ? FlowDirection::Unknown
                   : from_client                 ? FlowDirection::ToServer
                                                 : FlowDirection::ToClient,
      .client_port = low_serves ? layers.key.high_port : layers.key.low_port,
      .server_port = low_serves ? layers.key.low_port : layers.key.high_port,
      .payload = layers.payload(packet),
      .original_length = layers.payload_length,
      .from_second_side = !from_client,
  };
  const Classification said = classifier_.observe(side->classify, payload);
  FlowNote& note = flows_.note(slot);
  if (!said.host.empty() && note.host == NameArena::kNone) note.host = names_.keep(said.host);
  flow.application = said.verdict.application;
  flow.evidence = said.verdict.evidence;
  note.signature = said.verdict.signature;
  if (!said.done) return;
  flow.flags |= Flow::kClassified;
  close_side_if_settled(flow);
}

}  // namespace wirewatch
