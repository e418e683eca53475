// SPDX-License-Identifier: BSD-3-Clause
// How things end: a handshake is handed on, a flow is folded into the tables and handed on.
#include <algorithm>

#include "dataplane/pipeline/worker.h"

namespace wirewatch {

void Worker::hand_on_handshake(const FlowKey& key, uint8_t interface, Handshake& handshake) noexcept {
  const Endpoint low = key.low(), high = key.high();
  HandshakeRecord record{.client = handshake.client_is_low ? low : high,
                         .server = handshake.client_is_low ? high : low,
                         .outcome = HandshakeOutcome::Unanswered,
                         .syn_time = handshake.first_syn,
                         .syn_ack_time = {},
                         .syn_ack_rtt_ns = {},
                         .ack_rtt_ns = {},
                         .initial_rtt_ns = {},
                         .syn_retransmissions = handshake.syn_retransmissions,
                         .syn_ack_retransmissions = handshake.syn_ack_retransmissions,
                         .syn_frame = handshake.syn_frame,
                         .interface = interface,
                         .clock_unsteady = false};
  if (handshake.has_initial_rtt) record.initial_rtt_ns = handshake.initial_rtt_ns;
  switch (handshake.state) {
    case HandshakeState::Established:
      record.outcome = HandshakeOutcome::Established;
      record.ack_rtt_ns = handshake.ack.since(handshake.syn_ack);
      [[fallthrough]];
    case HandshakeState::SynAckSeen:
      if (handshake.state == HandshakeState::SynAckSeen) record.outcome = HandshakeOutcome::HalfOpen;
      record.syn_ack_time = handshake.syn_ack;
      record.syn_ack_rtt_ns = handshake.syn_ack.since(handshake.first_syn);
      break;
    case HandshakeState::Refused:
      record.outcome = HandshakeOutcome::Refused;
      break;
    case HandshakeState::SynSent:
    case HandshakeState::None:
      break;
  }
  handshake.state = HandshakeState::None;
  record.clock_unsteady = clocks_unsteady(record, handshake.clock_epoch);
  const bool has_times = record.syn_ack_rtt_ns || record.ack_rtt_ns || record.initial_rtt_ns;
  if (options_.clocks.none() || record.clock_unsteady || !has_times) return hand_on_handshake(record);
  if (finishing_) {
    record.clock_unsteady = options_.clocks.readings_since(last_packet_) == 0;
    return hand_on_handshake(record);
  }
  if (waiting_.push({record, options_.clocks.readings_begun(), handshake.clock_epoch})) return;
  ++counters_.handshakes_unvouched;
  record.clock_unsteady = true;  // for all that is known
  hand_on_handshake(record);
}

void Worker::hand_on_handshake(const HandshakeRecord& record) noexcept {
  if (record.timed()) rtts_.record(record.server.port, *record.syn_ack_rtt_ns);
  sink_.on_handshake(record);
}

/// Those whose clocks have been read since they were over, `most` of them. Readings are so far apart that a ring of events
/// could be filled at once: half full, it is left alone until the next reading.
void Worker::hand_on_vouched(size_t most) noexcept {
  for (; most > 0 && !waiting_.empty(); --most) {
    WaitingHandshake& next = waiting_.front();
    const uint32_t readings = options_.clocks.readings_since(next.begun);
    if (readings == 0 || (readings == 1 && !sink_.takes_progress())) return;
    next.record.clock_unsteady = clocks_unsteady(next.record, next.epoch);
    hand_on_handshake(next.record);
    waiting_.pop();
  }
}

/// At the end, which some may have come too close to.
void Worker::hand_on_all_waiting() noexcept {
  for (; !waiting_.empty(); waiting_.pop()) {
    WaitingHandshake& next = waiting_.front();
    next.record.clock_unsteady = options_.clocks.readings_since(next.begun) == 0 || clocks_unsteady(next.record, next.epoch);
    hand_on_handshake(next.record);
  }
}

/// A clock that is stepped back shows in a time that seems to have gone back, too.
bool Worker::clocks_unsteady(const HandshakeRecord& handshake, uint16_t epoch) const noexcept {
  if (options_.clocks.none()) return false;
  if (epoch != options_.clocks.epoch() || !options_.clocks.hold_for(handshake.syn_time)) return true;
  return handshake.syn_ack_rtt_ns.value_or(0) < 0 || handshake.ack_rtt_ns.value_or(0) < 0;
}

Side Worker::side_of(const IpAddress& source, const IpAddress& destination, Side by_client) const noexcept {
  if (options_.local_networks.empty()) return by_client;
  const bool from_local = any_contains(options_.local_networks, source), to_local = any_contains(options_.local_networks, destination);
  if (from_local && to_local) return Side::Both;
  if (from_local) return Side::Sent;
  return to_local ? Side::Received : Side::Unknown;
}

/// Adds what one end sent over one path to the rows of that path and to the record. Returns what of it is to be counted
/// by the flow's own addresses, which is nothing when that was done frame by frame.
Traffic Worker::fold(bool client_is_low, uint16_t path, bool from_low, const DirectionCounts& counts,
                     FlowRecord& record) noexcept {
  if (counts.packets == 0) return {};
  const bool from_client = from_low == client_is_low;
  const Traffic all{counts.packets, counts.bytes};
  const Traffic with_payload{counts.payload_packets, counts.payload_bytes};
  (from_client ? record.to_server : record.to_client) += all;
  const IpAddress& source = (from_client ? record.client : record.server).address;
  const IpAddress& destination = (from_client ? record.server : record.client).address;
  const Side side = side_of(source, destination, from_client ? Side::Sent : Side::Received);
  tables_.count_path(path, side, all);
  folded_ += all;
  if (with_payload.packets > 0) {
    record.has_payload = true;
    const bool detected = record.evidence > Evidence::Port;
    tables_.count_application(path, detected ? record.application : kUnknownApplication, side, with_payload);
  }
  const bool counted = counted_by_frame(tables_.paths.tunneled(path), tables_.paths.ends_in_transport(path));
  return counted ? Traffic{} : all;
}

/// Counts a flow's ends: as destinations of each other, as endpoints, and, the `first` time, who opened it to whom.
void Worker::count_ends(const FlowRecord& record, const Traffic& to_server, const Traffic& to_client, bool first,
                        uint64_t packets_so_far) noexcept {
  const uint64_t begun = first ? 1 : 0;
  if (to_server.packets > 0) tables_.count_destination(record.server, record.ip_protocol, to_server);
  if (to_client.packets > 0) tables_.count_destination(record.client, record.ip_protocol, to_client);
  tables_.count_endpoint(record.client.address, {.sent = to_server, .received = to_client, .opened = begun});
  tables_.count_endpoint(record.server.address, {.sent = to_client, .received = to_server, .accepted = begun});
  const ConversationKey key = key_of(record.client.address, record.server, record.ip_protocol);
  if (ConversationCounts* row = tables_.conversations.at(key)) {
    row->connections += begun;
    row->to_server += record.to_server;
    row->to_client += record.to_client;
    if (record.evidence > Evidence::Port) row->name(record.application, packets_so_far);
  }
}

void Worker::end_flow(uint32_t slot, CloseReason reason) noexcept {
  settle_flow(slot);
  if (live() || !postpone(slot)) hand_on_flow(slot, reason);
  if (live()) names_.give_back(flows_.note(slot).names);
  flows_.erase(slot);
}

/// Whether this flow of a saved capture is set aside until everything is known that other flows teach.
bool Worker::postpone(uint32_t slot) noexcept {
  const FlowRest& rest = flows_.rest(slot);
  const bool unnamed = rest.evidence <= Evidence::Port && flows_[slot].has(Flow::kPayloadSeen);
  if (!unnamed && !NameSheet(names_.at(flows_.note(slot).names)).host().empty()) return false;
  if (early_flows_.room() == 0) {
    ++counters_.early_flows_unnamed;
    return false;
  }
  early_flows_[early_flows_.take()] = {flows_[slot], rest, flows_.note(slot)};
  return true;
}

/// What is still open of a flow that ends is closed: its name and its handshake.
void Worker::settle_flow(uint32_t slot) noexcept {
  Flow& flow = flows_[slot];
  const FlowRest& rest = flows_.rest(slot);
  const Endpoint low = rest.key.low(), high = rest.key.high();
  if (!flow.has(Flow::kClassified)) {
    settle_name(slot, flow.client_is_low() ? low : high, flow.client_is_low() ? high : low);
  }
  if (flow.side == kNoSlot) return;
  Handshake& handshake = sides_[flow.side].handshake;
  if (handshake.open()) hand_on_handshake(rest.key, rest.interface, handshake);
  close_side(flow);
}

/// The name of a flow that ends without having been named for good.
void Worker::settle_name(uint32_t slot, const Endpoint& client, const Endpoint& server) noexcept {
  Flow& flow = flows_[slot];
  ClassifyState fresh{};
  ClassifyState* state = &fresh;
  if (flow.side != kNoSlot) {
    FlowSide& side = sides_[flow.side];
    if (side.rules != generation_) carry_over(slot, side);
    if (flow.has(Flow::kClassified)) return;  // with the name it had: the new rules know nothing of it
    state = &side.classify;
  }
  const Verdict verdict = rules_->classifier.finish(*state, flow.ip_protocol, client.port, server.port);
  FlowRest& rest = flows_.rest(slot);
  rest.application = rules_->ids->global(verdict.application);
  rest.evidence = verdict.evidence;
  flows_.note(slot).signature = rules_->ids->global_signature(verdict.signature);
}

/// Folds what was counted since the last time; a flow that ends has been settled before.
void Worker::hand_on_flow(uint32_t slot, CloseReason reason) noexcept {
  hand_on_flow(slot, flows_[slot], flows_.rest(slot), flows_.note(slot), reason);
}

/// As above, of a flow that may have left the table (a saved capture's alone): `slot` is then of no flow.
void Worker::hand_on_flow(uint32_t slot, Flow& flow, FlowRest& rest, FlowNote& note, CloseReason reason) noexcept {
  const bool low_is_client = flow.client_is_low();
  const Endpoint low = rest.key.low(), high = rest.key.high();
  const Endpoint& client = low_is_client ? low : high;
  const Endpoint& server = low_is_client ? high : low;
  if (reason != CloseReason::Open || flow.has(Flow::kClassified)) name_by_peer(flow, rest, note, client, server);
  const NameSheet names(names_.at(note.names));
  FlowRecord record{.client = client,
                    .server = server,
                    .ip_protocol = flow.ip_protocol,
                    .evidence = rest.evidence,
                    .application = rest.application,
                    .signature = note.signature,
                    .client_known = flow.has(Flow::kClientKnown),
                    .first_time = rest.first_time,
                    .last_time = flow.last_time,
                    .to_server = {},
                    .to_client = {},
                    .first_frame = note.first_frame,
                    .host = names.host(),
                    .names = names,
                    .interface = rest.interface,
                    .host_source = names.host_source()};
  name_by_dns(note, record);
  std::array<Traffic, 2> by_ends;  // what the low and the high end sent
  for (const bool from_low : {true, false}) {
    const size_t direction = from_low ? 0 : 1;
    by_ends[direction] += fold(low_is_client, flow.path[direction], from_low, flow.recent[direction].wide(), record);
    flow.recent[direction] = {};
  }
  for (uint32_t at = rest.other_paths; at != kNoSlot;) {
    const OtherPath& other = other_paths_[at];
    by_ends[other.from_low ? 0 : 1] += fold(low_is_client, other.path, other.from_low, other.counts, record);
    const uint32_t next = other.next;
    other_paths_.give_back(at);
    at = next;
  }
  rest.other_paths = kNoSlot;
  const bool first = !flow.has(Flow::kFolded);
  flow.set(Flow::kFolded);
  const Traffic& to_server = by_ends[low_is_client ? 0 : 1];
  const Traffic& to_client = by_ends[low_is_client ? 1 : 0];
  if (!live()) {
    count_ends(record, to_server, to_client, first, record.total().packets);
    return sink_.on_flow(record);
  }
  FlowTotals& totals = flows_.totals(slot);
  totals.sent[low_is_client ? 0 : 1] += record.to_server;
  totals.sent[low_is_client ? 1 : 0] += record.to_client;
  const FlowProgress progress{.id = {slot, options_.number, note.incarnation},
                              .reason = reason,
                              .blocked = flow.has(Flow::kBlocked),
                              .names_are_news = !names.empty() && !flow.has(Flow::kNamesTold),
                              .total_to_server = totals.sent[low_is_client ? 0 : 1],
                              .total_to_client = totals.sent[low_is_client ? 1 : 0]};
  count_ends(record, to_server, to_client, first, progress.total_to_server.packets + progress.total_to_client.packets);
  if (!progress.final() && !sink_.takes_progress()) return;
  sink_.on_progress(record, progress);
  if (progress.names_are_news) flow.set(Flow::kNamesTold);
}

/// A SYN that nothing followed: an unanswered attempt, and a flow of one frame.
void Worker::end_pending_syn(const PendingSyn& syn) noexcept {
  const DirectionCounts counts{.bytes = syn.frame_length, .packets = 1};
  const LiveSyn live_syn = live() ? LiveSyn::of(syn) : LiveSyn{};
  const uint8_t interface = live_syn.short_interface();
  // A flood of them would leave no room for the handshakes that succeed.
  if (!live() || sink_.takes_progress()) {
    Handshake handshake;
    handshake.begin({.sequence = syn.sequence, .from_low = syn.client_is_low}, syn.time, live() ? 0 : syn.frame);
    handshake.clock_epoch = live_syn.clock_epoch;
    hand_on_handshake(syn.key, interface, handshake);
  }
  const Endpoint low = syn.key.low(), high = syn.key.high();
  FlowRecord record{.client = syn.client_is_low ? low : high,
                    .server = syn.client_is_low ? high : low,
                    .ip_protocol = syn.key.ip_protocol,
                    .client_known = true,
                    .first_time = syn.time,
                    .last_time = syn.time,
                    .to_server = {},
                    .to_client = {},
                    .first_frame = live() ? 0 : syn.frame,
                    .host = {},
                    .names = {},
                    .interface = interface};
  name_by_dns({.first_frame = record.first_frame}, record);
  ClassifyState fresh{};
  const Verdict verdict = rules_->classifier.finish(fresh, record.ip_protocol, record.client.port, record.server.port);
  record.application = rules_->ids->global(verdict.application);
  record.evidence = verdict.evidence;
  record.signature = rules_->ids->global_signature(verdict.signature);
  const Traffic sent = fold(syn.client_is_low, syn.path, syn.client_is_low, counts, record);
  if (live()) return count_bare_syn(record, sent);
  count_ends(record, sent, {}, true, 1);
  sink_.on_flow(record);
}

/// As count_ends, but a flood from addresses that do not exist must not fill tables that are never emptied.
void Worker::count_bare_syn(const FlowRecord& record, const Traffic& sent) noexcept {
  if (Traffic* row = tables_.destinations.at_if_spare(key_of(record.server, record.ip_protocol))) *row += sent;
  if (EndpointCounts* row = tables_.endpoints.at_if_spare(key_of(record.client.address))) {
    *row += {.sent = sent, .received = {}, .opened = 1};
  }
  if (EndpointCounts* row = tables_.endpoints.at_if_spare(key_of(record.server.address))) {
    *row += {.sent = {}, .received = sent, .accepted = 1};
  }
  const ConversationKey key = key_of(record.client.address, record.server, record.ip_protocol);
  if (ConversationCounts* row = tables_.conversations.at_if_spare(key)) {
    ++row->connections;
    row->to_server += sent;
  }
}

/// Every ending flow adds to rows that lie anywhere in large tables, so where they are is fetched some flows ahead, and the
/// rows a few flows ahead. Between two blocks of flows is room made for the rows they may add.
void Worker::finish(const Lessons* lessons) {
  DnsNames own_names;
  if (lessons == nullptr) {
    own_names.expect(dns_note_count());
    add_dns_notes(own_names);
    own_names.arrange();
  }
  everybodys_peers_ = lessons != nullptr ? &lessons->peers : nullptr;
  dns_names_ = lessons != nullptr ? &lessons->names : &own_names;
  if (dns_names_->empty()) dns_names_ = nullptr;
  finishing_ = true;
  hand_on_all_waiting();
  constexpr size_t kBlock = 256, kAhead = 16, kRowsAhead = 6;
  std::array<uint32_t, kBlock> block;
  size_t count = 0;
  const auto prefetch = [&](uint32_t slot) { with_ends(slot, [&](auto&&... ends) { tables_.prefetch(ends...); }); };
  const auto prefetch_rows = [&](uint32_t slot) { with_ends(slot, [&](auto&&... ends) { tables_.prefetch_rows(ends...); }); };
  const auto end_block = [&] {
    tables_.make_room(count);
    for (size_t i = 0; i < std::min(kAhead, count); ++i) prefetch(block[i]);
    for (size_t i = 0; i < std::min(kRowsAhead, count); ++i) prefetch_rows(block[i]);
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) prefetch(block[i + kAhead]);
      if (i + kRowsAhead < count) prefetch_rows(block[i + kRowsAhead]);
      settle_flow(block[i]);
      hand_on_flow(block[i], CloseReason::Stopped);
    }
    count = 0;
  };
  tables_.expect_flows(flows_.size());
  flows_.for_each([&](uint32_t slot) {
    block[count++] = slot;
    if (count == kBlock) end_block();
  });
  end_block();
  flows_.clear();
  finish_early_flows();
  while (const auto syn = syns_.take_any()) {
    tables_.make_room(1);
    end_pending_syn(*syn);
  }
  dns_names_ = nullptr;
}

void Worker::finish_early_flows() {
  for (uint32_t i = 0; i < early_flows_.end(); ++i) {
    EarlyFlow& early = early_flows_[i];
    tables_.make_room(1);
    hand_on_flow(kNoSlot, early.flow, early.rest, early.note, CloseReason::Stopped);
  }
}

size_t Worker::memory_bytes() const noexcept {
  return flows_.memory_bytes() + syns_.memory_bytes() + sides_.memory_bytes() + other_paths_.memory_bytes() +
         tables_.memory_bytes() + rtts_.memory_bytes() + waiting_.memory_bytes() + peers_.memory_bytes() +
         dns_notes_.memory_bytes() + early_flows_.memory_bytes() + (live() ? names_.memory_bytes() : 0);
}

}  // namespace wirewatch
