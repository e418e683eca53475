// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/shared_state.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace wirewatch {
namespace {

constexpr unsigned kTries = 16;

template <size_t N>
std::string text_of(const std::array<char, N>& chars) {
  return std::string(chars.data(), strnlen(chars.data(), N));
}

template <typename Row>
void load_rows(std::vector<Row>& rows, const uint8_t* from, uint64_t used, uint64_t most) {
  rows.resize(static_cast<size_t>(std::min(used, most)));
  load_words(rows.data(), from, rows.size() * sizeof(Row));
}

bool is_path(const ProtocolPath& path) noexcept {
  return std::all_of(path.begin(), path.end(), [](Protocol protocol) { return protocol < Protocol::Count; });
}

bool is_family(IpFamily family) noexcept { return family == IpFamily::V4 || family == IpFamily::V6; }

/// A snapshot as it was copied out, not yet looked at.
struct RawSnapshot {
  SharedWorkerCounts counts;
  std::vector<SharedPath> paths;
  std::vector<SharedApplicationRow> applications;
  std::vector<SharedDestinationRow> destinations;
  std::vector<SharedEndpointRow> endpoints;
  std::vector<SharedConversationRow> conversations;
  std::vector<SharedRttPort> rtt_ports;

  void load(const SharedSnapshot& snapshot, const SharedLayout& layout, const SharedLimits& limits) {
    const auto* start = reinterpret_cast<const uint8_t*>(&snapshot);
    counts = load_shared(snapshot.counts);
    load_rows(paths, start + layout.paths, counts.paths, limits.paths);
    load_rows(applications, start + layout.applications, counts.applications, limits.application_rows);
    load_rows(destinations, start + layout.destinations, counts.destinations, limits.table_rows);
    load_rows(endpoints, start + layout.endpoints, counts.endpoints, limits.table_rows);
    load_rows(conversations, start + layout.conversations, counts.conversations, limits.table_rows);
    load_rows(rtt_ports, start + layout.rtt_ports, counts.rtt_ports, limits.rtt_ports);
  }
};

void take_counts(const SharedWorkerCounts& from, WorkerSnapshot& to) {
  to.number = from.number;
  to.published_at = Timestamp{from.published_at_ns};
  to.counters.by_status = from.by_status;
  to.counters.total = from.total;
  to.counters.flows_evicted = from.flows_evicted;
  to.counters.pending_syns_evicted = from.pending_syns_evicted;
  to.counters.not_classified_for_room = from.not_classified_for_room;
  to.counters.other_paths_refused = from.other_paths_refused;
  to.counters.handshakes_unvouched = from.handshakes_unvouched;
  if (from.first_time_ns != kNoTimestamp.ns) to.counters.first_time = Timestamp{from.first_time_ns};
  if (from.last_time_ns != kNoTimestamp.ns) to.counters.last_time = Timestamp{from.last_time_ns};
  to.classify = {.scans = from.scans,
                 .scanned_bytes = from.scanned_bytes,
                 .errors = from.scan_errors,
                 .dropped_matches = from.dropped_matches,
                 .hellos_given_up = from.hellos_given_up};
  to.live = {.open_flows = from.open_flows,
             .most_flows = from.most_flows,
             .pending_syns = from.pending_syns,
             .flows_begun = from.flows_begun,
             .flows_expired = from.flows_expired,
             .pending_syns_expired = from.pending_syns_expired,
             .wrong_times = from.wrong_times,
             .names_refused = from.names_refused,
             .rules_generation = from.rules_generation,
             .memory_bytes = from.memory_bytes,
             .not_yet_folded = from.not_yet_folded,
             .blocked = from.blocked};
  to.loop = {.bursts = from.bursts, .longest_burst_ns = from.longest_burst_ns, .publish_longest_ns = from.publish_longest_ns};
  to.events_dropped = from.events_dropped;
  to.rtt = from.rtt;
  to.rtt_other_ports = from.rtt_other_ports;
}

/// Paths and applications keep their numbers, which the rows by application name; what makes no sense becomes the
/// overflow path, whose name is empty.
void take_paths(const RawSnapshot& raw, Tables& tables) {
  std::vector<uint16_t> ids(raw.paths.size(), PathTable::kOverflow);
  for (size_t i = 0; i < raw.paths.size(); ++i) {
    if (i > 0 && is_path(raw.paths[i].path)) ids[i] = tables.paths.id_of(raw.paths[i].path);
    tables.by_path[ids[i]] += raw.paths[i].traffic;
  }
  for (const SharedApplicationRow& row : raw.applications) {
    if (row.key.path >= ids.size()) continue;
    if (SidedTraffic* traffic = tables.by_application.at({ids[row.key.path], row.key.application})) *traffic += row.value;
  }
}

void take_rows(const RawSnapshot& raw, Tables& tables) {
  for (const auto& row : raw.destinations) {
    if (!is_family(row.key.family)) continue;
    if (Traffic* traffic = tables.destinations.at(row.key)) *traffic += row.value;
  }
  for (const auto& row : raw.endpoints) {
    if (!is_family(row.key.family)) continue;
    if (EndpointCounts* counts = tables.endpoints.at(row.key)) *counts += row.value;
  }
  for (const auto& row : raw.conversations) {
    if (!is_family(row.key.family)) continue;
    if (ConversationCounts* counts = tables.conversations.at(row.key)) *counts += row.value;
  }
  tables.by_application.add_refused(raw.counts.refused_applications);
  tables.destinations.add_refused(raw.counts.refused_destinations);
  tables.endpoints.add_refused(raw.counts.refused_endpoints);
  tables.conversations.add_refused(raw.counts.refused_conversations);
}

PortState port_of(const SharedPort& from) {
  PortState port{.name = text_of(from.name),
                 .source = text_of(from.source),
                 .clock_state = text_of(from.clock_state),
                 .timestamps = {.source = TimestampSource::File, .resolution_ns = from.resolution_ns, .error_ns = from.error_ns},
                 .received = {from.received_packets, from.received_bytes},
                 .forwarded_packets = from.forwarded_packets,
                 .dropped_packets = from.dropped_packets,
                 .link_up = from.link_up != 0,
                 .worker = {},
                 .losses = {}};
  if (from.timestamp_source < static_cast<uint8_t>(TimestampSource::Count)) {
    port.timestamps.source = static_cast<TimestampSource>(from.timestamp_source);
  }
  if (from.worker != kSeveralWorkers) port.worker = from.worker;
  const size_t losses = std::min<size_t>(from.losses_used, from.losses.size());
  for (size_t i = 0; i < losses; ++i) port.losses.emplace_back(text_of(from.losses[i].name), from.losses[i].value);
  return port;
}

}  // namespace

Result<SharedState> SharedState::map(int fd) {
  auto memory = SharedMemory::map(fd);
  if (!memory) return tl::unexpected(memory.error());
  if (memory->size() < sizeof(SharedHeader)) {
    return fail("the shared memory has " + std::to_string(memory->size()) + " bytes, too few for its header");
  }
  const SharedHeader header = load_shared(*reinterpret_cast<const SharedHeader*>(memory->data()));
  if (header.magic != kSharedMagic) return fail("the shared memory is not one of a wirewatch data plane");
  if (header.version != kSharedVersion || header.header_bytes != sizeof(SharedHeader)) {
    return fail("the data plane lays out its shared memory in version " + std::to_string(header.version) +
                ", this program reads version " + std::to_string(kSharedVersion) + ": install both of one release");
  }
  const auto layout = SharedLayout::of(header.limits);
  if (!layout) return fail("the shared memory claims limits that no data plane has");
  const bool agrees = header.total_bytes == layout->total && header.names_offset == layout->names &&
                      header.names_bytes == layout->names_bytes && header.process_offset == layout->process &&
                      header.process_bytes == layout->process_bytes && header.workers_offset == layout->workers &&
                      header.worker_bytes == layout->worker_bytes;
  if (!agrees) return fail("the parts of the shared memory do not lie where its limits put them");
  if (layout->total > memory->size()) {
    return fail("the shared memory has " + std::to_string(memory->size()) + " bytes, its parts need " +
                std::to_string(layout->total));
  }
  return SharedState(std::move(*memory), header, *layout);
}

SharedWorker& SharedState::worker_at(unsigned worker) const noexcept {
  return *reinterpret_cast<SharedWorker*>(memory_.data() + layout_.workers + worker * layout_.worker_bytes);
}

uint64_t SharedState::published(unsigned worker) const noexcept {
  return worker < worker_count() ? worker_at(worker).latest.load(std::memory_order_acquire) : 0;
}

Result<WorkerSnapshot> SharedState::read_worker(unsigned worker) const {
  if (worker >= worker_count()) {
    return fail("there is no worker " + std::to_string(worker) + ", only " + std::to_string(worker_count()));
  }
  RawSnapshot raw;
  bool whole = false;
  for (unsigned i = 0; i < kTries && !whole; ++i) {
    const uint64_t latest = published(worker);
    if (latest == 0) return fail("worker " + std::to_string(worker) + " has not published anything yet");
    const auto& snapshot = *reinterpret_cast<const SharedSnapshot*>(reinterpret_cast<const uint8_t*>(&worker_at(worker)) +
                                                                    layout_.snapshots + latest % 2 * layout_.snapshot_bytes);
    whole = snapshot.lock.read(1, [&] { raw.load(snapshot, layout_, header_.limits); });
  }
  if (!whole) return fail("worker " + std::to_string(worker) + " was publishing every time it was looked at");
  WorkerSnapshot taken(header_.limits.table_rows);
  taken.tables.expect_rows(raw.applications.size(), std::max({raw.destinations.size(), raw.endpoints.size(), raw.conversations.size()}));
  take_counts(raw.counts, taken);
  take_paths(raw, taken.tables);
  take_rows(raw, taken.tables);
  for (const SharedRttPort& port : raw.rtt_ports) {
    if (port.port <= 0xffff) taken.rtt_by_port.push_back({static_cast<uint16_t>(port.port), port.rtt});
  }
  return taken;
}

Result<ProcessState> SharedState::read_process() const {
  const auto& part = *reinterpret_cast<const SharedProcessPart*>(memory_.data() + layout_.process);
  const auto block = std::make_unique<SharedProcess>();
  if (!part.lock.read(kTries, [&] { load_words(block.get(), &part.block, sizeof(SharedProcess)); })) {
    return fail("the data plane was writing the state of its process every time it was looked at");
  }
  if (block->updates == 0) return fail("the data plane has not published the state of its process yet");
  ProcessState state{.updated_ns = block->updated_ns,
                     .updates = block->updates,
                     .rules_generation = block->rules_generation,
                     .rules_sha256 = text_of(block->rules_sha256),
                     .state = text_of(block->state),
                     .replay = text_of(block->replay),
                     .replay_packets = block->replay_packets,
                     .idle_share = static_cast<double>(std::min<uint64_t>(block->idle_per_million, 1'000'000)) / 1e6,
                     .ports = {}};
  const size_t ports = static_cast<size_t>(std::min<uint64_t>(block->ports_used, kMostPorts));
  for (size_t i = 0; i < ports; ++i) state.ports.push_back(port_of(block->ports[i]));
  return state;
}

EventReader SharedState::events(unsigned worker) const noexcept {
  SharedWorker& part = worker_at(worker);
  const auto* records = reinterpret_cast<const SharedEvent*>(reinterpret_cast<const uint8_t*>(&part) + layout_.events);
  return EventReader(part, records, header_.limits.events);
}

std::optional<Event> EventReader::pop() noexcept {
  SharedEvent record;
  while (ring_.pop(record)) {
    if (auto event = decode(record)) return event;
    ++malformed_;
  }
  return std::nullopt;
}

size_t SharedState::application_count() const noexcept {
  const auto& names = *reinterpret_cast<const SharedNames*>(memory_.data() + layout_.names);
  return static_cast<size_t>(std::min<uint64_t>(names.applications.load(std::memory_order_acquire), header_.limits.applications));
}

std::string SharedState::application_name(ApplicationId id) const {
  if (id == kUnknownApplication || id > application_count()) return "unknown";
  const auto* rows = reinterpret_cast<const SharedApplication*>(memory_.data() + layout_.application_names);
  return text_of(load_shared(rows[id - 1]).name);
}

std::string SharedState::application_category(ApplicationId id) const {
  if (id == kUnknownApplication || id > application_count()) return "unknown";
  const auto* rows = reinterpret_cast<const SharedApplication*>(memory_.data() + layout_.application_names);
  return text_of(load_shared(rows[id - 1]).category);
}

std::string SharedState::signature_id(uint16_t signature) const {
  const auto& names = *reinterpret_cast<const SharedNames*>(memory_.data() + layout_.names);
  const uint64_t count = std::min<uint64_t>(names.signatures.load(std::memory_order_acquire), header_.limits.signatures);
  if (signature == 0 || signature > count) return {};
  const auto* rows = reinterpret_cast<const SharedSignature*>(memory_.data() + layout_.signature_names);
  return text_of(load_shared(rows[signature - 1]).id);
}

}  // namespace wirewatch
