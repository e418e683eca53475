// SPDX-License-Identifier: BSD-3-Clause
// The pipeline after parsing: flow, handshake, classification, counters. A worker shares nothing; every packet of a
// flow reaches the same worker. It takes no lock, reads no clock and allocates only between bursts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/classify/classifier.h"
#include "dataplane/classify/dns_answer.h"
#include "dataplane/classify/dns_log.h"
#include "dataplane/classify/peer_cache.h"
#include "dataplane/flow/ageing_clock.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/handshake.h"
#include "dataplane/flow/records.h"
#include "dataplane/flow/syn_table.h"
#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/pipeline/drop_list.h"
#include "dataplane/pipeline/flow_facts.h"
#include "dataplane/pipeline/name_arena.h"
#include "dataplane/pipeline/prepared_rules.h"
#include "dataplane/pipeline/waiting_handshakes.h"
#include "dataplane/source/clock_watch.h"
#include "dataplane/source/source.h"
#include "dataplane/stats/port_rtts.h"
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
  size_t max_open = SIZE_MAX;                // flows whose handshake or name is still open
  size_t max_other_paths = SIZE_MAX;         // further protocol paths of flows
  size_t max_application_rows = Tables::kApplicationRows;
  size_t max_peers = 16'384;                 // ends that peer-to-peer protocols named
  size_t max_dns_notes = 1'000'000;          // addresses that DNS answers gave, of a saved capture
  size_t max_early_flows = 500'000;          // that ended before the capture did and wait for what others may teach of them
  // Only of a worker that never ends:
  Ageing ageing{};
  int64_t pass_ns = 0;                       // how often every flow is looked at, folded and handed on; 0 is never
  size_t rtt_ports = 0;                      // server ports with a histogram of their own; 0 is no histograms at all
  ClockWatches clocks{};                     // of its ports, whose times are measured with; none for a capture's own times
  size_t max_waiting_handshakes = 16'384;    // until those have been read again
  bool preallocate = false;                  // all memory at once: afterwards nothing allocates, between bursts neither
  uint16_t number = 0;                       // of the worker, part of its flows' ids
};

/// Takes what is finished. Called from the worker's thread, between two packets.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_handshake(const HandshakeRecord& handshake) noexcept = 0;
  virtual void on_flow(const FlowRecord& flow) noexcept = 0;
  /// Of a worker that never ends: what `client` was told, for flows that any worker may see.
  virtual void on_answer(const DnsAnswer& answer, const IpAddress& client, Timestamp time) noexcept {
    static_cast<void>(answer), static_cast<void>(client), static_cast<void>(time);
  }
  /// Of a worker that reports flows as they go on: the traffic since the last time.
  virtual void on_progress(const FlowRecord& flow, const FlowProgress& progress) noexcept {
    if (progress.final()) on_flow(flow);
  }
  /// Whether now is a good moment for records of flows that go on.
  virtual bool takes_progress() noexcept { return true; }
};

/// Live, a bare SYN has no frame's number, but the port it came in on and the epoch of its clocks.
struct LiveSyn {
  uint16_t interface = 0;
  uint16_t clock_epoch = 0;

  uint64_t packed() const noexcept { return interface | uint64_t{clock_epoch} << 16; }
  static LiveSyn of(const PendingSyn& syn) noexcept {
    return {static_cast<uint16_t>(syn.frame), static_cast<uint16_t>(syn.frame >> 16)};
  }
  uint8_t short_interface() const noexcept { return static_cast<uint8_t>(std::min<uint16_t>(interface, 0xff)); }
};

/// Held while a handshake or a classification is open; given back as soon as both are settled.
struct FlowSide {
  uint32_t rules = 0;  // generation whose numbers `classify` holds
  Handshake handshake;
  ClassifyState classify{};
  std::array<uint32_t, 2> scanned_sequence{};  // of each end's last scanned TCP segment: a copy is not scanned twice
  std::array<bool, 2> scanned{};
};

/// What flows taught about others, of all workers of a saved capture.
struct Lessons {
  PeerCache peers;
  DnsNames names;
};

/// A flow of a saved capture that ended early and has no name: others may still teach it.
struct EarlyFlow {
  Flow flow;
  FlowRest rest;
  FlowNote note;
};

inline TcpSegment segment_of(const Layers& layers) noexcept {
  return {.sequence = layers.tcp_sequence,
          .acknowledgment = layers.tcp_acknowledgment,
          .flags = layers.tcp_flags,
          .payload_length = layers.payload_length,
          .from_low = layers.source_is_low};
}

class Worker {
 public:
  Worker(const WorkerOptions& options, std::shared_ptr<const RuleSet> rules, EventSink& sink)
      : Worker(options, std::make_unique<PreparedRules>(std::move(rules)), sink) {}
  Worker(const WorkerOptions& options, std::unique_ptr<PreparedRules> rules, EventSink& sink);

  const WorkerOptions& options() const noexcept { return options_; }
  const ParseOptions& parse_options() const noexcept { return options_.parse; }
  /// Bit i of the answer: the drop list has it that packets[i] shall not pass. Of the first 64 packets.
  uint64_t process(std::span<const ParsedPacket> packets);
  /// The same of a burst that is yet to be parsed.
  uint64_t parse_and_process(Burst& burst);
  /// The source has ended: ends every flow and every pending SYN. With several workers, `lessons` are those of all.
  void finish(const Lessons* lessons = nullptr);
  /// No packet comes any more. A reading of the clocks between this and finish() vouches for what is still under way.
  void last_packet_was() noexcept { last_packet_ = options_.clocks.readings_begun(); }

  /// Between bursts, for a worker that never ends: its share of ageing and folding, `most` in flows that are just looked at.
  /// `now` is the time of the last packet, or by the source's clock when there are none.
  void maintain(Timestamp now, size_t most);
  /// A slice of making room in tables that are nearly full. Not while they are being published: rows change places.
  void prune(size_t places) noexcept { tables_.prune(places); }
  /// Folds and hands on all there is at once, and goes on.
  void flush();
  /// Between bursts: scans with other rules from here on. Named flows keep their name; what is under way goes on with the
  /// new rules' numbers for the same signatures. Takes the time of a few pointers. Gives back what it replaces.
  std::unique_ptr<PreparedRules> adopt(std::unique_ptr<PreparedRules> next) noexcept;
  /// Between bursts. Flows that are known already follow within a pass. Gives back what it replaces.
  std::unique_ptr<DropList> adopt(std::unique_ptr<DropList> next) noexcept;

  /// Between bursts: shows `observer` every packet from here on; nullptr, as it begins: nobody.
  void show_packets_to(PacketObserver* observer) noexcept { observer_ = observer; }
  /// What is known of the flow of a packet that was just processed.
  FlowFacts facts(const Layers& layers) noexcept;

  const WorkerCounters& counters() const noexcept { return counters_; }
  LiveCounters live_counters() const noexcept;
  const Tables& tables() const noexcept { return tables_; }
  Tables& tables() noexcept { return tables_; }  // for whoever adds several workers up once they have finished
  const PortRtts& rtts() const noexcept { return rtts_; }
  const PeerCache& peers() const noexcept { return peers_; }
  /// How many DNS answers of a saved capture were noted so far, and all of them, in the order of frames.
  size_t dns_note_count() const noexcept { return dns_notes_.end(); }
  void add_dns_notes(DnsNames& names) const;
  ClassifyCounters classify_counters() const noexcept;
  uint64_t names_refused() const noexcept { return names_.refused(); }
  size_t memory_bytes() const noexcept;

 private:
  static constexpr uint16_t kTeaches = Flow::kNamesPeers | Flow::kAnswersNames;

  void make_room(size_t frames);
  uint64_t process_group(std::span<const ParsedPacket> packets) noexcept;
  bool count_settled(uint32_t likely, const Packet& packet, const Layers& layers) noexcept;
  bool observe(const Packet& packet, const Layers& layers, uint32_t likely) noexcept;
  bool observe_without_flow(const Packet& packet, const Layers& layers) noexcept;
  uint32_t tcp_flow(const Packet& packet, const Layers& layers, uint32_t slot) noexcept;
  uint32_t on_syn(const Packet& packet, const Layers& layers, uint32_t slot) noexcept;
  uint32_t begin_flow(const Packet& packet, const Layers& layers) noexcept;
  uint32_t promote(const PendingSyn& syn, uint64_t hash) noexcept;
  uint32_t insert_flow(const FlowKey& key, uint64_t hash, uint64_t frame, Timestamp time) noexcept;
  void keep_syn(const Packet& packet, const Layers& layers) noexcept;
  void guess_client(Flow& flow, const Layers& layers) noexcept;
  void observe_handshake(uint32_t slot, const TcpSegment& segment, Timestamp time) noexcept;
  void count_in_flow(uint32_t slot, const Packet& packet, const Layers& layers) noexcept;
  void count_other_path(uint32_t slot, const Packet& packet, const Layers& layers) noexcept;
  void spill(uint32_t slot, size_t direction) noexcept;
  OtherPath* other_path(uint32_t slot, uint16_t path, bool from_low) noexcept;
  void classify(uint32_t slot, const Packet& packet, const Layers& layers) noexcept;
  /// Destinations of a tunnel's frames are not the ends of their flow, unless the innermost are asked for.
  bool counted_by_frame(bool tunneled, bool flow_is_innermost) const noexcept {
    return tunneled && !(options_.inner_destinations && flow_is_innermost);
  }
  void count_outer(const Packet& packet, const Layers& layers) noexcept;
  /// Calls fetch(client, server, ip_protocol): what Tables needs to know to bring a flow's rows near.
  template <typename Fetch>
  void with_ends(uint32_t slot, Fetch fetch) noexcept {
    const FlowKey& key = flows_.rest(slot).key;
    const Endpoint low = key.low(), high = key.high();
    const bool low_is_client = flows_[slot].client_is_low();
    fetch(low_is_client ? low : high, low_is_client ? high : low, key.ip_protocol);
  }

  FlowSide* open_side(Flow& flow) noexcept;
  void close_side(Flow& flow) noexcept;
  void close_side_if_settled(Flow& flow) noexcept;
  void hand_on_handshake(const FlowKey& key, uint8_t interface, Handshake& handshake) noexcept;
  void hand_on_handshake(const HandshakeRecord& record) noexcept;
  void hand_on_vouched(size_t most) noexcept;
  void hand_on_all_waiting() noexcept;
  bool clocks_unsteady(const HandshakeRecord& handshake, uint16_t epoch) const noexcept;
  void end_flow(uint32_t slot, CloseReason reason) noexcept;
  /// Folds what was counted since the last time and hands it on; for good with any reason but Open.
  void hand_on_flow(uint32_t slot, CloseReason reason) noexcept;
  void hand_on_flow(uint32_t slot, Flow& flow, FlowRest& rest, FlowNote& note, CloseReason reason) noexcept;
  void settle_flow(uint32_t slot) noexcept;
  void settle_name(uint32_t slot, const Endpoint& client, const Endpoint& server) noexcept;
  bool postpone(uint32_t slot) noexcept;
  void finish_early_flows();
  void keep_names(Flow& flow, FlowNote& note, const FlowNames& seen) noexcept;
  void learn(uint32_t slot, const Packet& packet, const Layers& layers) noexcept;
  void learn_peers(uint32_t slot, const Packet& packet, const Layers& layers) noexcept;
  void learn_names(const Packet& packet, const Layers& layers) noexcept;
  void note_answer(const DnsAnswer& answer, const IpAddress& client, const Packet& packet) noexcept;
  void name_by_peer(Flow& flow, FlowRest& rest, FlowNote& note, const Endpoint& client, const Endpoint& server) noexcept;
  void name_by_dns(const FlowNote& note, FlowRecord& record) const noexcept;
  void end_pending_syn(const PendingSyn& syn) noexcept;
  Traffic fold(bool client_is_low, uint16_t path, bool from_low, const DirectionCounts& counts, FlowRecord& record) noexcept;
  void count_ends(const FlowRecord& record, const Traffic& to_server, const Traffic& to_client, bool first,
                  uint64_t packets_so_far) noexcept;
  void count_bare_syn(const FlowRecord& record, const Traffic& sent) noexcept;
  Side side_of(const IpAddress& source, const IpAddress& destination, Side by_client) const noexcept;

  /// Never ends: frames have no number, ports have one, and flows are reported as they go on.
  bool live() const noexcept { return options_.pass_ns > 0; }
  void look_at(uint32_t slot, Timestamp now) noexcept;
  bool expired(const Flow& flow, Timestamp now) const noexcept;
  bool may_fold(const Flow& flow) const noexcept;
  size_t expire_syns(Timestamp now, SynTable::Places places, size_t most) noexcept;
  size_t look_at_group(uint32_t first, size_t count, Timestamp now) noexcept;
  void reconsider_blocking(uint32_t slot, Timestamp now) noexcept;
  void carry_over(uint32_t slot, FlowSide& side) noexcept;
  const RuleIds* ids_of(uint32_t generation) const noexcept;

  WorkerOptions options_;
  EventSink& sink_;
  PacketObserver* observer_ = nullptr;
  std::unique_ptr<PreparedRules> rules_;
  std::unique_ptr<DropList> drop_list_;
  FlowTable flows_;
  SynTable syns_;
  Slab<FlowSide, 12> sides_;
  Slab<OtherPath, 8> other_paths_;
  NameArena names_;
  PeerCache peers_;
  DnsAnswerReader dns_reader_;
  Slab<DnsNote, 10> dns_notes_;
  Slab<EarlyFlow, 8> early_flows_;
  const DnsNames* dns_names_ = nullptr;          // while finishing
  const PeerCache* everybodys_peers_ = nullptr;  // while finishing beside others
  bool finishing_ = false;
  Tables tables_;
  PortRtts rtts_;
  WaitingHandshakes waiting_;
  ClockWatches::Readings last_packet_{};  // how many had begun at the last one
  WorkerCounters counters_;
  LiveCounters live_;
  Traffic folded_;                     // everything that by_path holds
  ClassifyCounters earlier_classify_;  // by rules that were replaced
  static constexpr size_t kRememberedRules = 16;
  std::array<std::shared_ptr<const RuleIds>, kRememberedRules> earlier_ids_;  // by generation
  uint32_t generation_ = 0;
  AgeingClock clock_;
  Timestamp paced_until_ = kNoTimestamp;
  uint32_t next_slot_ = 0;
};

}  // namespace wirewatch
