// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/worker.h"

#include <algorithm>
#include <limits>

#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;

bool carries_payload(const Layers& layers) noexcept {
  return layers.payload_length > 0 && layers.payload_layer == layers.depth;
}

}  // namespace

Worker::Worker(const WorkerOptions& options, std::unique_ptr<PreparedRules> rules, EventSink& sink)
    : options_(options),
      sink_(sink),
      rules_(std::move(rules)),
      flows_(options.max_flows, options.pass_ns > 0),
      syns_(options.max_pending_syns),
      sides_(std::min(options.max_open, options.max_flows)),
      other_paths_(std::min(options.max_other_paths, options.max_flows)),
      names_(options.max_name_bytes),
      peers_(options.max_peers),
      dns_notes_(live() ? 0 : options.max_dns_notes),
      early_flows_(live() ? 0 : std::min(options.max_early_flows, options.max_flows)),
      tables_(options.max_table_rows, options.max_application_rows),
      rtts_(options.rtt_ports),
      waiting_(options.clocks.none() ? 0 : options.max_waiting_handshakes) {
  if (!options.preallocate) return;
  flows_.make_all_room();
  syns_.make_all_room();
  sides_.make_all_room();
  other_paths_.make_all_room();
  names_.make_all_room();
  tables_.make_all_room();
}

void Worker::make_room(size_t frames) {
  flows_.make_room(frames);
  syns_.make_room(frames);
  sides_.make_room(frames);
  other_paths_.make_room(frames);
  names_.make_room();
  dns_notes_.make_room(DnsAnswer::kMostAddresses * frames);
  early_flows_.make_room(frames);
  tables_.make_room(frames);
}

uint64_t Worker::process(std::span<const ParsedPacket> packets) {
  make_room(packets.size());
  const uint64_t blocked = process_group(packets.first(std::min(kBurstSize, packets.size())));
  for (size_t at = kBurstSize; at < packets.size(); at += kBurstSize) {
    process_group(packets.subspan(at, std::min(kBurstSize, packets.size() - at)));
  }
  return blocked;
}

uint64_t Worker::parse_and_process(Burst& burst) {
  parse_all(burst.packets.first(burst.count), options_.parse, burst.layers);
  for (size_t i = 0; i < burst.count; ++i) burst.parsed[i] = {&burst.packets[i], &burst.layers[i]};
  return process({burst.parsed.data(), burst.count});
}

/// What the packets need is fetched for all of them before the first is worked on: the buckets of the index, then the
/// flows that the buckets name. Each in a loop of nothing else: what takes long is finding pages that the TLB does not
/// hold, and the processor looks for several at once when they are asked for in close succession.
uint64_t Worker::process_group(std::span<const ParsedPacket> packets) noexcept {
  std::array<uint32_t, kBurstSize> expected;
  for (const ParsedPacket& each : packets) {
    const Layers& layers = *each.layers;
    if (!layers.has_flow) continue;
    flows_.prefetch(layers.flow_hash);
    if (is_syn(layers.tcp_flags)) syns_.prefetch(layers.key.family, layers.flow_hash);
  }
  for (size_t i = 0; i < packets.size(); ++i) {
    const Layers& layers = *packets[i].layers;
    expected[i] = layers.has_flow ? flows_.prefetch_flow(layers.key.family, layers.flow_hash) : kNoSlot;
  }
  PacketObserver* const observer = observer_;
  uint64_t blocked = 0;
  Traffic sum;
  Timestamp first{std::numeric_limits<int64_t>::max()}, last = kNoTimestamp;
  for (size_t i = 0; i < packets.size(); ++i) {
    const Packet& packet = *packets[i].packet;
    const Layers& layers = *packets[i].layers;
    ++counters_.by_status[static_cast<size_t>(layers.status)];
    sum += {1, packet.original_length};
    if (packet.time != kNoTimestamp) first = std::min(first, packet.time);
    last = std::max(last, packet.time);
    const uint32_t likely = expected[i];
    const bool drop = count_settled(likely, packet, layers) ? flows_[likely].has(Flow::kBlocked) : observe(packet, layers, likely);
    if (observer != nullptr) [[unlikely]] observer->on_packet(*this, packet, layers, drop);
    if (!drop) continue;
    blocked |= uint64_t{1} << i;
    live_.blocked += {1, packet.original_length};
  }
  counters_.total += sum;
  if (last != kNoTimestamp) {
    counters_.first_time = std::min(counters_.first_time.value_or(first), first);
    counters_.last_time = std::max(counters_.last_time.value_or(last), last);
  }
  return blocked;
}

/// What becomes of most packets: one of a flow of which nothing is open any more, over the path of those before it, only
/// adds to its counts. False when this is not such a packet: nothing was done then.
[[gnu::always_inline]] inline bool Worker::count_settled(uint32_t likely, const Packet& packet, const Layers& layers) noexcept {
  constexpr uint8_t kTurns = tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst;
  if (likely == kNoSlot || (layers.tcp_flags & kTurns) != 0 || layers.tunneled) return false;
  Flow& flow = flows_[likely];
  const bool heard_out = (flow.flags & (Flow::kClassified | kTeaches)) == Flow::kClassified || layers.payload_length == 0;
  if (flow.side != kNoSlot || !heard_out || packet.time < flow.last_time) return false;
  const size_t direction = layers.source_is_low ? 0 : 1;
  const uint16_t path = flow.path[direction];
  if (path == kNoPath || !tables_.paths.is(path, layers.protocols) || !flows_.holds(likely, layers.key)) return false;
  const bool payload = carries_payload(layers);
  if (!flow.recent[direction].add(packet.original_length, payload)) return false;
  flow.last_time = packet.time;
  flow.flags = static_cast<uint16_t>(flow.flags | (payload ? Flow::kPayloadSeen : 0));
  return true;
}

/// True when the frame is not to pass.
bool Worker::observe(const Packet& packet, const Layers& layers, uint32_t likely) noexcept {
  if (!layers.has_flow) return observe_without_flow(packet, layers);
  if (counted_by_frame(layers.tunneled, layers.payload_layer == layers.depth)) count_outer(packet, layers);
  uint32_t slot = flows_.find(layers.key, layers.flow_hash, likely);
  if (layers.key.ip_protocol == kTcp) {
    slot = tcp_flow(packet, layers, slot);
    if (slot == kNoSlot) {  // a bare SYN, kept apart
      return drop_list_ && drop_list_->blocks(layers.key, kUnknownApplication, Evidence::None, packet.time);
    }
  } else if (slot == kNoSlot) {
    slot = begin_flow(packet, layers);
  }
  count_in_flow(slot, packet, layers);
  Flow& flow = flows_[slot];
  constexpr uint16_t kOfInterest = Flow::kClassified | kTeaches;  // a name that is settled and teaches nothing is not
  if (layers.payload_length > 0 && (flow.flags & kOfInterest) != Flow::kClassified) {
    if (!flow.has(Flow::kClassified)) classify(slot, packet, layers);
    if (flow.has(kTeaches)) learn(slot, packet, layers);
  }
  return flow.has(Flow::kBlocked);
}

bool Worker::observe_without_flow(const Packet& packet, const Layers& layers) noexcept {
  const Traffic one{1, packet.original_length};
  Side side = Side::Unknown;
  bool blocked = false;
  if (layers.outer_family != IpFamily::None) {
    count_outer(packet, layers);
    const uint8_t* header = packet.data + layers.inner_offset;
    const auto source = [&] { return ip_source(header, layers.inner_family); };
    const auto destination = [&] { return ip_destination(header, layers.inner_family); };
    if (!options_.local_networks.empty()) side = side_of(source(), destination(), side);
    if (drop_list_) blocked = drop_list_->blocks(source(), destination(), packet.time);
  }
  const uint16_t path = tables_.paths.id_of(layers.protocols);
  tables_.count_path(path, side, one);
  folded_ += one;
  return blocked;
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
  if (is_rst(segment.flags)) flow.set(Flow::kReset);
  if ((segment.flags & tcp_flag::kFin) != 0) flow.set(segment.from_low ? Flow::kFinLow : Flow::kFinHigh);
  return slot;
}

void Worker::observe_handshake(uint32_t slot, const TcpSegment& segment, Timestamp time) noexcept {
  Flow& flow = flows_[slot];
  if (flow.side == kNoSlot) return;
  Handshake& handshake = sides_[flow.side].handshake;
  if (!handshake.open()) return;
  handshake.observe(segment, time);
  if (!handshake.over()) return;
  const FlowRest& rest = flows_.rest(slot);
  hand_on_handshake(rest.key, rest.interface, handshake);
  close_side_if_settled(flow);
}

void Worker::count_in_flow(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  Flow& flow = flows_[slot];
  if (packet.time >= flow.last_time) [[likely]] {
    flow.last_time = packet.time;
  } else {
    FlowRest& rest = flows_.rest(slot);
    rest.first_time = std::min(rest.first_time, packet.time);
  }
  const size_t direction = layers.source_is_low ? 0 : 1;
  const uint16_t path = flow.path[direction];
  if (path == kNoPath || !tables_.paths.is(path, layers.protocols)) [[unlikely]] {
    return count_other_path(slot, packet, layers);
  }
  const bool payload = carries_payload(layers);
  flow.flags = static_cast<uint16_t>(flow.flags | (payload ? Flow::kPayloadSeen : 0));
  if (flow.recent[direction].add(packet.original_length, payload)) [[likely]] return;
  spill(slot, direction);
  flow.recent[direction].add(packet.original_length, payload);
}

/// The first frame of a direction, or one over another path than that: counted apart, since it folds into other rows.
void Worker::count_other_path(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  Flow& flow = flows_[slot];
  const size_t direction = layers.source_is_low ? 0 : 1;
  const uint16_t id = tables_.paths.id_of(layers.protocols);
  const bool payload = carries_payload(layers);
  if (flow.path[direction] == kNoPath) flow.path[direction] = id;
  if (flow.path[direction] != id) {
    if (OtherPath* other = other_path(slot, id, layers.source_is_low)) {
      other->counts.add(packet.original_length, payload);
      return;
    }
    ++counters_.other_paths_refused;
  }
  if (payload) flow.set(Flow::kPayloadSeen);
  if (flow.recent[direction].add(packet.original_length, payload)) return;
  spill(slot, direction);
  flow.recent[direction].add(packet.original_length, payload);
}

/// The record of a flow's frames on a path, made if need be; nullptr when there is no room.
OtherPath* Worker::other_path(uint32_t slot, uint16_t path, bool from_low) noexcept {
  FlowRest& rest = flows_.rest(slot);
  for (uint32_t at = rest.other_paths; at != kNoSlot; at = other_paths_[at].next) {
    OtherPath& other = other_paths_[at];
    if (other.path == path && other.from_low == from_low) return &other;
  }
  if (other_paths_.room() == 0) return nullptr;
  const uint32_t at = other_paths_.take();
  other_paths_[at] = {.counts = {}, .path = path, .from_low = from_low, .next = rest.other_paths};
  rest.other_paths = at;
  return &other_paths_[at];
}

/// Counts that are full move to where there is room for more: 4 GiB of a flow since it was last folded.
void Worker::spill(uint32_t slot, size_t direction) noexcept {
  Flow& flow = flows_[slot];
  const DirectionCounts counts = flow.recent[direction].wide();
  flow.recent[direction] = {};
  if (OtherPath* other = other_path(slot, flow.path[direction], direction == 0)) {
    other->counts += counts;
    return;
  }
  // No room: into the tables with them, so that at least no sum is wrong.
  ++counters_.other_paths_refused;
  FlowRecord unseen;
  const FlowRest& rest = flows_.rest(slot);
  unseen.client = flow.client_is_low() ? rest.key.low() : rest.key.high();
  unseen.server = flow.client_is_low() ? rest.key.high() : rest.key.low();
  fold(flow.client_is_low(), flow.path[direction], direction == 0, counts, unseen);
}

FlowSide* Worker::open_side(Flow& flow) noexcept {
  if (flow.side == kNoSlot) {
    if (sides_.room() == 0) {
      ++counters_.not_classified_for_room;
      return nullptr;
    }
    flow.side = sides_.take();
    sides_[flow.side] = FlowSide{};
    sides_[flow.side].rules = generation_;
  }
  return &sides_[flow.side];
}

void Worker::close_side_if_settled(Flow& flow) noexcept {
  if (flow.side == kNoSlot || !flow.has(Flow::kClassified) || sides_[flow.side].handshake.open()) return;
  close_side(flow);
}

void Worker::close_side(Flow& flow) noexcept {
  sides_.give_back(flow.side);
  flow.side = kNoSlot;
}

void Worker::classify(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  Flow& flow = flows_[slot];
  FlowSide* side = open_side(flow);
  if (side == nullptr) {
    flow.set(Flow::kClassified);
    return;
  }
  if (side->rules != generation_) [[unlikely]] {
    carry_over(slot, *side);
    if (flow.has(Flow::kClassified)) return close_side_if_settled(flow);
  }
  const size_t direction = layers.source_is_low ? 0 : 1;
  if (layers.key.ip_protocol == kTcp) {
    if (side->scanned[direction] && side->scanned_sequence[direction] == layers.tcp_sequence) return;
    side->scanned[direction] = true;
    side->scanned_sequence[direction] = layers.tcp_sequence;
  }
  const bool from_client = layers.source_is_low == flow.client_is_low();
  const bool low_serves = !flow.client_is_low();
  FlowRest& rest = flows_.rest(slot);
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
      .sequence = layers.tcp_sequence,
      .stream_begin = rest.client_sequence + 1,
      .has_sequence = layers.key.ip_protocol == kTcp,
      .has_stream_begin = from_client && flow.has(Flow::kSynSeen),
  };
  const Classification said = rules_->classifier.observe(side->classify, payload);
  FlowNote& note = flows_.note(slot);
  keep_names(flow, note, rules_->classifier.names());
  rest.application = rules_->ids->global(said.verdict.application);
  rest.evidence = said.verdict.evidence;
  note.signature = rules_->ids->global_signature(said.verdict.signature);
  if (said.verdict.evidence >= Evidence::Confirmed) {
    const RuleSet& rules = rules_->classifier.rules();
    if (rules.peers(said.verdict.application) != PeerReader::None) flow.set(Flow::kNamesPeers);
    if (rules.answers(said.verdict.application) != AnswerReader::None) flow.set(Flow::kAnswersNames);
  }
  if (drop_list_) reconsider_blocking(slot, packet.time);
  if (!said.done) return;
  flow.set(Flow::kClassified);
  close_side_if_settled(flow);
}

}  // namespace wirewatch
