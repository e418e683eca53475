// SPDX-License-Identifier: BSD-3-Clause
// The writers' side of the shared memory. One SharedRegion a data plane; of it one WorkerPublisher and one SharedEvents
// for each worker's thread, and the main thread writes the process block and, through the registry, the names.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/pipeline/shared_layout.h"
#include "dataplane/pipeline/shared_memory.h"
#include "dataplane/pipeline/shared_state.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

class SharedRegion {
 public:
  /// Makes the memory and writes its header. `start_time_ns` is UTC, `generation` differs from run to run.
  static Result<SharedRegion> create(const SharedLimits& limits, uint64_t generation, int64_t start_time_ns);

  int fd() const noexcept { return memory_.fd(); }  // to hand on by SCM_RIGHTS
  const SharedLimits& limits() const noexcept { return limits_; }
  uint64_t generation() const noexcept { return generation_; }
  size_t size() const noexcept { return memory_.size(); }

 private:
  friend class WorkerPublisher;
  friend class SharedEvents;
  friend class ProcessPublisher;
  friend class Registry;
  SharedRegion(SharedMemory memory, const SharedLimits& limits, const SharedLayout& layout, uint64_t generation)
      : memory_(std::move(memory)), limits_(limits), layout_(layout), generation_(generation) {}
  uint8_t* worker(unsigned number) const noexcept { return memory_.data() + layout_.workers + number * layout_.worker_bytes; }

  SharedMemory memory_;
  SharedLimits limits_;
  SharedLayout layout_;
  uint64_t generation_;
};

/// Publishes what one worker counted, a slice at a time so that no burst waits for all of it: rows are copied over many
/// calls into the snapshot nobody reads, the counters with the last slice, and then readers are shown the whole.
class WorkerPublisher {
 public:
  WorkerPublisher(SharedRegion& region, unsigned worker) noexcept;

  bool publishing() const noexcept { return stage_ != Stage::Idle; }
  /// Begins a snapshot of `worker`; what is begun goes on with step().
  void begin() noexcept;
  /// Copies up to `places` places of tables. True when the snapshot was completed with it.
  bool step(const Worker& worker, const LoopCounters& loop, uint64_t events_dropped, Timestamp now, size_t places) noexcept;
  /// All of it at once, as before stopping.
  void publish(const Worker& worker, const LoopCounters& loop, uint64_t events_dropped, Timestamp now) noexcept;
  uint64_t published() const noexcept { return number_; }

 private:
  enum class Stage : uint8_t { Idle, Applications, Destinations, Endpoints, Conversations, Counts };
  template <typename Row, typename Map>
  bool copy(const Map& map, size_t offset, uint32_t most, uint64_t& used, uint64_t& left_out, size_t& places) noexcept;
  void write_counts(const Worker& worker, const LoopCounters& loop, uint64_t events_dropped, Timestamp now) noexcept;
  SharedSnapshot& snapshot() const noexcept;

  uint8_t* start_;
  SharedLimits limits_;
  SharedLayout layout_;
  Stage stage_ = Stage::Idle;
  size_t places_ = 0;      // of the table being copied, when that began
  size_t next_place_ = 0;  // of it
  uint64_t number_ = 0;
  SharedWorkerCounts counts_{};
};

/// What a worker hands on, as records of its ring.
class SharedEvents final : public EventSink {
 public:
  SharedEvents(SharedRegion& region, unsigned worker) noexcept;

  void on_handshake(const HandshakeRecord& handshake) noexcept override;
  void on_flow(const FlowRecord& flow) noexcept override;
  void on_progress(const FlowRecord& flow, const FlowProgress& progress) noexcept override;
  /// Counted as dropped while progress is left out.
  void on_answer(const DnsAnswer& answer, const IpAddress& client, Timestamp time) noexcept override;
  /// Progress is left out while less than half of the ring is free, so that ends and handshakes still find room.
  bool takes_progress() noexcept override;
  uint64_t dropped() const noexcept { return ring_.dropped(); }

 private:
  RingProducer<SharedEvent> ring_;
  size_t capacity_;
};

/// The main thread's block.
class ProcessPublisher {
 public:
  explicit ProcessPublisher(SharedRegion& region) noexcept;
  /// What does not fit (names that are too long, ports and losses beyond the most) is cut off.
  void publish(const ProcessState& state) noexcept;

 private:
  SharedProcessPart& part_;
  SharedProcess block_{};
};

}  // namespace wirewatch
