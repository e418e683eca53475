// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/publisher.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace wirewatch {

Result<SharedRegion> SharedRegion::create(const SharedLimits& limits, uint64_t generation, int64_t start_time_ns) {
  const auto layout = SharedLayout::of(limits);
  if (!layout) return fail("the limits of the shared memory are out of range: 1 to 256 workers, an event ring of a power of two");
  auto memory = SharedMemory::create("wirewatch", layout->total);
  if (!memory) return tl::unexpected(memory.error());
  const SharedHeader header{.magic = kSharedMagic,
                            .version = kSharedVersion,
                            .header_bytes = sizeof(SharedHeader),
                            .total_bytes = layout->total,
                            .generation = generation,
                            .pid = getpid(),
                            .start_time_ns = start_time_ns,
                            .limits = limits,
                            .names_offset = layout->names,
                            .names_bytes = layout->names_bytes,
                            .process_offset = layout->process,
                            .process_bytes = layout->process_bytes,
                            .workers_offset = layout->workers,
                            .worker_bytes = layout->worker_bytes};
  store_shared(*reinterpret_cast<SharedHeader*>(memory->data()), header);
  return SharedRegion(std::move(*memory), limits, *layout, generation);
}

WorkerPublisher::WorkerPublisher(SharedRegion& region, unsigned worker) noexcept
    : start_(region.worker(worker)), limits_(region.limits_), layout_(region.layout_) {}

/// The one that is not the newest.
SharedSnapshot& WorkerPublisher::snapshot() const noexcept {
  return *reinterpret_cast<SharedSnapshot*>(start_ + layout_.snapshots + (number_ + 1) % 2 * layout_.snapshot_bytes);
}

void WorkerPublisher::begin() noexcept {
  snapshot().lock.begin_write();
  counts_ = {};
  next_place_ = 0;
  stage_ = Stage::Applications;
}

/// Goes on with one table. True when it was copied to its end.
template <typename Row, typename Map>
bool WorkerPublisher::copy(const Map& map, size_t offset, uint32_t most, uint64_t& used, uint64_t& left_out,
                           size_t& places) noexcept {
  if (next_place_ == 0) {
    places_ = map.places();
    used = left_out = 0;
  } else if (places_ != map.places()) {  // the table has grown meanwhile and everything in it lies elsewhere
    next_place_ = 0;
    return copy<Row>(map, offset, most, used, left_out, places);
  }
  auto* rows = reinterpret_cast<Row*>(reinterpret_cast<uint8_t*>(&snapshot()) + offset);
  const size_t count = std::min(places, places_ - next_place_);
  map.for_places(next_place_, count, [&](const auto& key, const auto& value) {
    if (used == most) {
      ++left_out;
      return;
    }
    store_shared(rows[used++], Row{key, value});
  });
  next_place_ += count;
  places -= count;
  if (next_place_ < places_) return false;
  next_place_ = 0;
  return true;
}

bool WorkerPublisher::step(const Worker& worker, const LoopCounters& loop, uint64_t events_dropped, Timestamp now,
                           size_t places) noexcept {
  const Tables& tables = worker.tables();
  const uint32_t most = limits_.table_rows;
  SharedWorkerCounts& counts = counts_;
  bool done = false;
  switch (stage_) {
    case Stage::Idle:
      return false;
    case Stage::Applications:
      done = copy<SharedApplicationRow>(tables.by_application, layout_.applications, limits_.application_rows,
                                        counts.applications, counts.refused_applications, places);
      break;
    case Stage::Destinations:
      done = copy<SharedDestinationRow>(tables.destinations, layout_.destinations, most, counts.destinations,
                                        counts.refused_destinations, places);
      break;
    case Stage::Endpoints:
      done = copy<SharedEndpointRow>(tables.endpoints, layout_.endpoints, most, counts.endpoints, counts.refused_endpoints, places);
      break;
    case Stage::Conversations:
      done = copy<SharedConversationRow>(tables.conversations, layout_.conversations, most, counts.conversations,
                                         counts.refused_conversations, places);
      break;
    case Stage::Counts:
      write_counts(worker, loop, events_dropped, now);
      return true;
  }
  if (done) stage_ = static_cast<Stage>(static_cast<uint8_t>(stage_) + 1);
  return false;
}

void WorkerPublisher::publish(const Worker& worker, const LoopCounters& loop, uint64_t events_dropped, Timestamp now) noexcept {
  begin();  // anew, if one was under way
  while (!step(worker, loop, events_dropped, now, SIZE_MAX)) continue;
}

/// What is small is written in one go with the counters, so that it all is of one moment; then readers are shown it.
void WorkerPublisher::write_counts(const Worker& worker, const LoopCounters& loop, uint64_t events_dropped,
                                   Timestamp now) noexcept {
  SharedSnapshot& target = snapshot();
  auto* start = reinterpret_cast<uint8_t*>(&target);
  const Tables& tables = worker.tables();
  SharedWorkerCounts& to = counts_;
  const uint32_t paths = std::min<uint32_t>(tables.paths.size(), limits_.paths);
  auto* path_rows = reinterpret_cast<SharedPath*>(start + layout_.paths);
  for (uint32_t i = 0; i < paths; ++i) {
    store_shared(path_rows[i], SharedPath{tables.paths[static_cast<uint16_t>(i)], tables.by_path[i]});
  }
  const PortRtts& rtts = worker.rtts();
  const size_t ports = std::min<size_t>(rtts.ports().size(), limits_.rtt_ports);
  auto* port_rows = reinterpret_cast<SharedRttPort*>(start + layout_.rtt_ports);
  for (size_t i = 0; i < ports; ++i) store_shared(port_rows[i], SharedRttPort{rtts.ports()[i].port, rtts.ports()[i].rtt});

  const WorkerCounters& counters = worker.counters();
  const ClassifyCounters classify = worker.classify_counters();
  const LiveCounters live = worker.live_counters();
  to.number = number_ + 1;
  to.published_at_ns = now.ns;
  to.by_status = counters.by_status;
  to.total = counters.total;
  to.flows_evicted = counters.flows_evicted;
  to.pending_syns_evicted = counters.pending_syns_evicted;
  to.not_classified_for_room = counters.not_classified_for_room;
  to.other_paths_refused = counters.other_paths_refused;
  to.handshakes_unvouched = counters.handshakes_unvouched;
  to.names_refused = live.names_refused;
  to.first_time_ns = counters.first_time.value_or(kNoTimestamp).ns;
  to.last_time_ns = counters.last_time.value_or(kNoTimestamp).ns;
  to.scans = classify.scans;
  to.scanned_bytes = classify.scanned_bytes;
  to.scan_errors = classify.errors;
  to.dropped_matches = classify.dropped_matches;
  to.hellos_given_up = classify.hellos_given_up;
  to.open_flows = live.open_flows;
  to.most_flows = live.most_flows;
  to.pending_syns = live.pending_syns;
  to.flows_begun = live.flows_begun;
  to.flows_expired = live.flows_expired;
  to.pending_syns_expired = live.pending_syns_expired;
  to.not_yet_folded = live.not_yet_folded;
  to.blocked = live.blocked;
  to.wrong_times = live.wrong_times;
  to.bursts = loop.bursts;
  to.longest_burst_ns = loop.longest_burst_ns;
  to.publish_longest_ns = loop.publish_longest_ns;
  to.rules_generation = live.rules_generation;
  to.memory_bytes = live.memory_bytes;
  to.events_dropped = events_dropped;
  to.refused_applications += tables.by_application.refused();
  to.refused_destinations += tables.destinations.refused();
  to.refused_endpoints += tables.endpoints.refused();
  to.refused_conversations += tables.conversations.refused();
  to.paths = paths;
  to.rtt_ports = ports;
  to.rtt = rtts.all();
  to.rtt_other_ports = rtts.other();
  store_shared(target.counts, to);
  target.lock.end_write();
  ++number_;
  reinterpret_cast<SharedWorker*>(start_)->latest.store(number_, std::memory_order_release);
  stage_ = Stage::Idle;
}

SharedEvents::SharedEvents(SharedRegion& region, unsigned worker) noexcept
    : ring_(reinterpret_cast<SharedWorker*>(region.worker(worker))->ring,
            reinterpret_cast<SharedEvent*>(region.worker(worker) + region.layout_.events), region.limits_.events),
      capacity_(region.limits_.events) {}

void SharedEvents::on_handshake(const HandshakeRecord& handshake) noexcept { ring_.push(encode(handshake)); }

void SharedEvents::on_flow(const FlowRecord& flow) noexcept {
  ring_.push(encode(flow, FlowProgress{.id = {},
                                       .reason = CloseReason::Stopped,
                                       .total_to_server = flow.to_server,
                                       .total_to_client = flow.to_client}));
}

void SharedEvents::on_progress(const FlowRecord& flow, const FlowProgress& progress) noexcept {
  // Names come before the record they belong to, once: that keeps the record at the size of most.
  if (progress.names_are_news) ring_.push(encode(flow.names, progress.id));
  ring_.push(encode(flow, progress));
}

void SharedEvents::on_answer(const DnsAnswer& answer, const IpAddress& client, Timestamp time) noexcept {
  if (!takes_progress() || answer.name.size() > AnswerEvent::kLongestName) return ring_.leave_out();
  for (size_t at = 0; at < answer.count; at += AnswerEvent::kMostAddresses) {
    const auto part = answer.given().subspan(at, std::min(answer.count - at, AnswerEvent::kMostAddresses));
    ring_.push(encode(answer.name, part, client, time));
  }
}

bool SharedEvents::takes_progress() noexcept { return ring_.room() * 2 > capacity_; }

ProcessPublisher::ProcessPublisher(SharedRegion& region) noexcept
    : part_(*reinterpret_cast<SharedProcessPart*>(region.memory_.data() + region.layout_.process)) {}

void ProcessPublisher::publish(const ProcessState& state) noexcept {
  SharedProcess& block = block_;
  block.updated_ns = state.updated_ns;
  ++block.updates;
  block.rules_generation = state.rules_generation;
  put(block.rules_sha256, state.rules_sha256);
  put(block.state, state.state);
  put(block.replay, state.replay);
  block.replay_packets = state.replay_packets;
  block.idle_per_million = static_cast<uint64_t>(std::lround(std::clamp(state.idle_share, 0.0, 1.0) * 1e6));
  block.ports_used = std::min(state.ports.size(), kMostPorts);
  for (size_t i = 0; i < block.ports_used; ++i) {
    const PortState& from = state.ports[i];
    SharedPort& to = block.ports[i];
    put(to.name, from.name);
    put(to.source, from.source);
    put(to.clock_state, from.clock_state);
    to.timestamp_source = static_cast<uint8_t>(from.timestamps.source);
    to.resolution_ns = from.timestamps.resolution_ns;
    to.error_ns = from.timestamps.error_ns;
    to.received_packets = from.received.packets;
    to.received_bytes = from.received.bytes;
    to.forwarded_packets = from.forwarded_packets;
    to.dropped_packets = from.dropped_packets;
    to.link_up = from.link_up ? 1 : 0;
    to.worker = from.worker.value_or(kSeveralWorkers);
    to.losses_used = static_cast<uint16_t>(std::min(from.losses.size(), to.losses.size()));
    for (size_t l = 0; l < to.losses_used; ++l) {
      put(to.losses[l].name, from.losses[l].first);
      to.losses[l].value = from.losses[l].second;
    }
  }
  part_.lock.begin_write();
  store_shared(part_.block, block);
  part_.lock.end_write();
}

}  // namespace wirewatch
