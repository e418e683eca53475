// SPDX-License-Identifier: BSD-3-Clause
// The pipeline after parsing: flow, handshake, classification, counters. A worker shares nothing; every packet of a
// flow reaches the same worker. It takes no lock, reads no clock and allocates only between bursts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/classify/classifier.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/handshake.h"
#include "dataplane/flow/records.h"
#include "dataplane/flow/syn_table.h"
#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/pipeline/name_arena.h"
#include "dataplane/source/source.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

/// Ageing, by packet time. All zero, as for a saved capture: nothing ends before the source does.
struct Ageing {
  int64_t tcp_idle_ns = 0;
  int64_t tcp_closed_ns = 0;  // reset, or finished by both ends
  int64_t syn_ns = 0;         // a bare SYN without an answer
  int64_t other_idle_ns = 0;  // UDP and the rest

  bool any() const noexcept { return tcp_idle_ns > 0 || tcp_closed_ns > 0 || syn_ns > 0 || other_idle_ns > 0; }
};
inline constexpr Ageing kLiveAgeing{.tcp_idle_ns = 300'000'000'000,
                                    .tcp_closed_ns = 5'000'000'000,
                                    .syn_ns = 10'000'000'000,
                                    .other_idle_ns = 60'000'000'000};

struct WorkerOptions {
  ParseOptions parse{};
  size_t max_flows = 10'000'000;
  size_t max_pending_syns = 4'000'000;
  size_t max_table_rows = 4'000'000;         // of destinations, endpoints and conversations each
  size_t max_name_bytes = size_t{256} << 20;
  std::vector<IpPrefix> local_networks{};    // sent and received are seen from here when given, else from the client
  bool inner_destinations = false;           // count destinations by the innermost header of tunnels
  Ageing ageing{};
  int64_t pass_ns = 0;                       // how often every flow is looked at, folded and handed on; 0 is never
  bool preallocate = false;                  // all memory at once: afterwards nothing allocates, between bursts neither
  uint16_t number = 0;                       // of the worker, part of its flows' ids
};

/// Takes what is finished. Called from the worker's thread, between two packets.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_handshake(const HandshakeRecord& handshake) noexcept = 0;
  virtual void on_flow(const FlowRecord& flow) noexcept = 0;
  /// Of a worker that reports flows as they go on: the traffic since the last time.
  virtual void on_progress(const FlowRecord& flow, const FlowProgress& progress) noexcept {
    if (progress.final()) on_flow(flow);
  }
  /// Whether now is a good moment for records of flows that go on.
  virtual bool takes_progress() noexcept { return true; }
};

/// Held while a handshake or a classification is open; given back as soon as both are settled.
struct FlowSide {
  Handshake handshake;
  ClassifyState classify{};
  std::array<uint32_t, 2> scanned_sequence{};  // of each end's last scanned TCP segment: a copy is not scanned twice
  std::array<bool, 2> scanned{};
};

class Worker {
 public:
  Worker(const WorkerOptions& options, std::shared_ptr<const RuleSet> rules, EventSink& sink);

  const ParseOptions& parse_options() const noexcept { return options_.parse; }
  /// Bit i of the answer: the drop list has it that packets[i] shall not pass. Of the first 64 packets.
  uint64_t process(std::span<const ParsedPacket> packets);
  /// The source has ended: ends every flow and every pending SYN.
  void finish();

  const WorkerCounters& counters() const noexcept { return counters_; }
  const Tables& tables() const noexcept { return tables_; }
  const ClassifyCounters& classify_counters() const noexcept { return classifier_.counters(); }
  uint64_t names_refused() const noexcept { return names_.refused(); }
  size_t memory_bytes() const noexcept;

 private:
  void make_room(size_t frames);
  void count(const Packet& packet, const Layers& layers) noexcept;
  void observe(const Packet& packet, const Layers& layers) noexcept;
  void observe_without_flow(const Packet& packet, const Layers& layers) noexcept;
  uint32_t tcp_flow(const Packet& packet, const Layers& layers, uint32_t slot) noexcept;
  uint32_t on_syn(const Packet& packet, const Layers& layers, uint32_t slot) noexcept;
  uint32_t begin_flow(const Packet& packet, const Layers& layers) noexcept;
  uint32_t promote(const PendingSyn& syn, uint64_t hash) noexcept;
  void keep_syn(const Packet& packet, const Layers& layers) noexcept;
  void guess_client(Flow& flow, const Layers& layers) noexcept;
  void observe_handshake(uint32_t slot, const TcpSegment& segment, Timestamp time) noexcept;
  void count_in_flow(Flow& flow, const Packet& packet, const Layers& layers) noexcept;
  DirectionCounts& counts_of_path(Flow& flow, const Layers& layers) noexcept;
  void classify(uint32_t slot, const Packet& packet, const Layers& layers) noexcept;
  /// Destinations of a tunnel's frames are not the ends of their flow, unless the innermost are asked for.
  bool counted_by_frame(bool tunneled, bool flow_is_innermost) const noexcept {
    return tunneled && !(options_.inner_destinations && flow_is_innermost);
  }
  void count_outer(const Packet& packet, const Layers& layers) noexcept;

  FlowSide* open_side(Flow& flow) noexcept;
  void close_side_if_settled(Flow& flow) noexcept;
  void hand_on_handshake(const Flow& flow, Handshake& handshake) noexcept;
  void end_flow(uint32_t slot) noexcept;
  void hand_on_flow(uint32_t slot) noexcept;
  void end_pending_syn(const PendingSyn& syn) noexcept;
  Traffic fold(const Flow& flow, uint16_t path, bool from_low, const DirectionCounts& counts,
               FlowRecord& record) noexcept;
  void count_ends(const FlowRecord& record, const Traffic& to_server, const Traffic& to_client) noexcept;
  Side side_of(const IpAddress& source, const IpAddress& destination, Side by_client) const noexcept;

  WorkerOptions options_;
  EventSink& sink_;
  Classifier classifier_;
  FlowTable flows_;
  SynTable syns_;
  Slab<FlowSide, 12> sides_;
  Slab<OtherPath, 8> other_paths_;
  NameArena names_;
  Tables tables_;
  WorkerCounters counters_;
};

}  // namespace wirewatch
