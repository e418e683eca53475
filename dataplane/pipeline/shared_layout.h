// SPDX-License-Identifier: BSD-3-Clause
// The memory the data plane shares with control, as it lies there: made and written by the data plane, mapped by control
// from a file descriptor. Where everything is follows from the limits in the header; a reader works that out for itself
// and refuses a region that says otherwise. Bytes of a stranger for whoever reads: see SharedState.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/packet/parse_status.h"
#include "dataplane/source/source.h"
#include "dataplane/stats/rtt_histogram.h"
#include "dataplane/stats/spsc_ring.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

inline constexpr uint64_t kSharedMagic = 0x3130485357574d53;  // "SMWWSH01"
inline constexpr uint32_t kSharedVersion = 4;

/// A text as it lies in shared memory: as much as fits, zeros behind it.
template <size_t N>
void put(std::array<char, N>& to, std::string_view text) noexcept {
  to.fill('\0');
  std::copy_n(text.data(), std::min(text.size(), N), to.data());
}

/// How much of everything there is room for. The pages of what is never used are never touched.
struct SharedLimits {
  uint32_t workers = 1;                // at most 256
  uint32_t applications = 4096;
  uint32_t signatures = 8192;
  uint32_t paths = PathTable::kMost;
  uint32_t application_rows = 16'384;
  uint32_t table_rows = 65'536;        // of destinations, endpoints and conversations each
  uint32_t rtt_ports = 64;             // server ports with a histogram of their own
  uint32_t events = 16'384;            // of a worker's ring, a power of two

  friend bool operator==(const SharedLimits&, const SharedLimits&) noexcept = default;
};

struct SharedHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t total_bytes;
  uint64_t generation;     // of the data plane: another value, another run
  int64_t pid;
  int64_t start_time_ns;   // UTC
  SharedLimits limits;
  uint64_t names_offset, names_bytes;
  uint64_t process_offset, process_bytes;
  uint64_t workers_offset, worker_bytes;  // one after the other
};
static_assert(sizeof(SharedHeader) % 8 == 0);

struct SharedApplication {
  std::array<char, 64> name;
  std::array<char, 32> category;
};
struct SharedSignature {
  std::array<char, 64> id;
};
/// Followed by SharedApplication[limits.applications] and SharedSignature[limits.signatures]. Rows are written before
/// the count that covers them, and never again.
struct SharedNames {
  alignas(64) std::atomic<uint64_t> applications;
  std::atomic<uint64_t> signatures;
};

inline constexpr size_t kMostPorts = 32;
inline constexpr uint32_t kSeveralWorkers = 0xffffffff;

struct SharedLoss {
  std::array<char, 48> name;
  uint64_t value;
};
struct SharedPort {
  std::array<char, 64> name;
  std::array<char, 16> source;        // "dpdk", "afpacket", ...
  std::array<char, 96> clock_state;   // a sentence
  int64_t resolution_ns;
  int64_t error_ns;                   // TimestampProperties::kUnknownError when nothing bounds it
  uint64_t received_packets, received_bytes;
  uint64_t forwarded_packets, dropped_packets;
  uint8_t timestamp_source;
  uint8_t link_up;
  uint16_t losses_used;
  uint32_t worker;                    // that polls it, or kSeveralWorkers
  std::array<SharedLoss, kMostLossCounters> losses;
};
struct SharedProcess {
  int64_t updated_ns;                 // UTC
  uint64_t updates;
  uint64_t rules_generation;          // how many rule sets were taken
  std::array<char, 64> rules_sha256;  // hexadecimal, empty without rules
  std::array<char, 32> state;         // "running", "stopping"
  std::array<char, 256> replay;       // what is being replayed, empty when nothing is
  uint64_t replay_packets;
  uint64_t idle_per_million;          // share of the workers' time without packets
  uint64_t ports_used;
  std::array<SharedPort, kMostPorts> ports;
};
struct SharedProcessPart {
  Seqlock lock;
  uint64_t reserved[7];
  SharedProcess block;
};

/// Everything of a worker that has one size.
struct SharedWorkerCounts {
  uint64_t number;                    // publishes so far, this one included
  int64_t published_at_ns;            // packet time
  std::array<uint64_t, static_cast<size_t>(ParseStatus::Count)> by_status;
  Traffic total;
  uint64_t flows_evicted, pending_syns_evicted, not_classified_for_room, other_paths_refused, names_refused, handshakes_unvouched;
  int64_t first_time_ns, last_time_ns;  // kNoTimestamp when there is none
  uint64_t scans, scanned_bytes, scan_errors, dropped_matches, hellos_given_up;
  uint64_t open_flows, most_flows, pending_syns, flows_begun, flows_expired, pending_syns_expired;
  Traffic not_yet_folded;
  Traffic blocked;
  uint64_t wrong_times, bursts, longest_burst_ns, publish_longest_ns, rules_generation, memory_bytes, events_dropped;
  uint64_t refused_applications, refused_destinations, refused_endpoints, refused_conversations;
  uint64_t paths, applications, destinations, endpoints, conversations, rtt_ports;  // rows that follow
  RttHistogram rtt;
  RttHistogram rtt_other_ports;
};
static_assert(SharedWords<SharedWorkerCounts>);

struct SharedPath {
  ProtocolPath path;
  SidedTraffic traffic;
};
template <typename Key, typename Value>
struct SharedRow {
  alignas(8) Key key;
  alignas(8) Value value;
};
using SharedApplicationRow = SharedRow<PathApplication, SidedTraffic>;
using SharedDestinationRow = SharedRow<DestinationKey, Traffic>;
using SharedEndpointRow = SharedRow<AddressKey, EndpointCounts>;
using SharedConversationRow = SharedRow<ConversationKey, ConversationCounts>;
struct SharedRttPort {
  uint64_t port;
  RttHistogram rtt;
};
static_assert(SharedWords<SharedPath> && SharedWords<SharedApplicationRow> && SharedWords<SharedDestinationRow> &&
              SharedWords<SharedEndpointRow> && SharedWords<SharedConversationRow> && SharedWords<SharedRttPort>);

/// One of a worker's two snapshots: while one is read, the other is being written.
struct SharedSnapshot {
  Seqlock lock;
  uint64_t reserved[7];
  SharedWorkerCounts counts;
};

/// A record of the event ring.
struct SharedEvent {
  uint32_t kind;
  std::array<uint8_t, 252> body;
};
static_assert(sizeof(SharedEvent) == 256);

struct SharedWorker {
  alignas(64) std::atomic<uint64_t> latest;  // number of the newest complete snapshot, in slot number % 2; 0 is none
  RingHeader ring;
};

/// Offsets from the region's start; those of a worker from the worker's start, those of a snapshot from the snapshot's.
struct SharedLayout {
  size_t names, names_bytes, application_names, signature_names;
  size_t process, process_bytes;
  size_t workers, worker_bytes, snapshots, snapshot_bytes, events;
  size_t paths, applications, destinations, endpoints, conversations, rtt_ports;
  size_t total;

  /// Nothing when the limits are beyond what any data plane makes.
  static std::optional<SharedLayout> of(const SharedLimits& limits) noexcept;
};

}  // namespace wirewatch
