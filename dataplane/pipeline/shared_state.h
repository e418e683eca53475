// SPDX-License-Identifier: BSD-3-Clause
// The reader's side of the shared memory: maps a region the data plane made and gives back the very types its workers
// count in. Everything read is checked first, so that a damaged or hostile region yields errors and odd numbers but
// never a crash. For one thread at a time; never waits for the data plane.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/classify/classifier.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/pipeline/shared_event.h"
#include "dataplane/pipeline/shared_layout.h"
#include "dataplane/pipeline/shared_memory.h"

namespace wirewatch {

struct PortRtt {
  uint16_t port = 0;
  RttHistogram rtt;
};

/// One worker at one moment. Application ids are the registry's: SharedState::application_name.
struct WorkerSnapshot {
  explicit WorkerSnapshot(size_t most_rows) : tables(most_rows) {}

  uint64_t number = 0;  // publishes so far
  Timestamp published_at;  // packet time
  WorkerCounters counters;
  LiveCounters live;
  LoopCounters loop;
  ClassifyCounters classify;
  uint64_t events_dropped = 0;
  RttHistogram rtt;  // syn_ack_rtt_ns of every unambiguous handshake
  RttHistogram rtt_other_ports;  // of server ports without a histogram of their own
  std::vector<PortRtt> rtt_by_port;
  Tables tables;
};

struct PortState {
  std::string name;
  std::string source;
  std::string clock_state;
  TimestampProperties timestamps;
  Traffic received;
  uint64_t forwarded_packets = 0;
  uint64_t dropped_packets = 0;
  bool link_up = false;
  std::optional<uint32_t> worker;  // that polls it, when it is one
  std::vector<std::pair<std::string, uint64_t>> losses;
};

/// What the data plane's main thread says of the process.
struct ProcessState {
  int64_t updated_ns = 0;  // UTC
  uint64_t updates = 0;
  uint64_t rules_generation = 0;
  std::string rules_sha256;
  std::string state;
  std::string replay;
  uint64_t replay_packets = 0;
  double idle_share = 0;
  std::vector<PortState> ports;
};

/// The consumer's end of a worker's event ring. One at a time for each ring.
class EventReader {
 public:
  EventReader(SharedWorker& worker, const SharedEvent* records, size_t capacity) noexcept
      : ring_(worker.ring, records, capacity) {}

  /// The next event, or nothing when there is none at the moment.
  std::optional<Event> pop() noexcept;
  uint64_t dropped() const noexcept { return ring_.dropped(); }      // by the worker, for want of room
  uint64_t malformed() const noexcept { return malformed_; }         // records that made no sense
  uint64_t resynchronised() const noexcept { return ring_.resynchronised(); }

 private:
  RingConsumer<SharedEvent> ring_;
  uint64_t malformed_ = 0;
};

class SharedState {
 public:
  /// Maps the region behind `fd`, which may be closed afterwards. Refuses another version, a region whose parts do not lie
  /// where its limits put them, and one that may still shrink.
  static Result<SharedState> map(int fd);

  int64_t pid() const noexcept { return header_.pid; }
  uint64_t generation() const noexcept { return header_.generation; }
  int64_t start_time_ns() const noexcept { return header_.start_time_ns; }
  unsigned worker_count() const noexcept { return header_.limits.workers; }
  const SharedLimits& limits() const noexcept { return header_.limits; }

  /// An Error when the worker has not published yet, or was writing all the while.
  Result<WorkerSnapshot> read_worker(unsigned worker) const;
  /// Number of the newest snapshot, to see whether it is worth reading.
  uint64_t published(unsigned worker) const noexcept;
  Result<ProcessState> read_process() const;
  EventReader events(unsigned worker) const noexcept;

  /// Ids are 1 to count; they only ever grow in number. "unknown" for ids that are not.
  size_t application_count() const noexcept;
  std::string application_name(ApplicationId id) const;
  std::string application_category(ApplicationId id) const;
  std::string signature_id(uint16_t signature) const;

 private:
  SharedState(SharedMemory memory, const SharedHeader& header, const SharedLayout& layout)
      : memory_(std::move(memory)), header_(header), layout_(layout) {}
  SharedWorker& worker_at(unsigned worker) const noexcept;

  SharedMemory memory_;
  SharedHeader header_;  // our own copy: the region's may change
  SharedLayout layout_;
};

}  // namespace wirewatch
