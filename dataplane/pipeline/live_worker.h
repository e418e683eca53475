// SPDX-License-Identifier: BSD-3-Clause
// A worker that goes on for ever: takes new rules and drop lists between bursts, ages its flows, publishes what it
// counted. Prepared at the edge; from then on its thread allocates nothing.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/pipeline/drop_list.h"
#include "dataplane/pipeline/prepared_rules.h"
#include "dataplane/pipeline/publisher.h"
#include "dataplane/pipeline/tap_stage.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

class LiveWorker {
 public:
  /// `rules` may be the empty rule set: everything goes unclassified until others are offered.
  LiveWorker(const WorkerOptions& options, std::unique_ptr<PreparedRules> rules, SharedRegion& region, unsigned number);

  // The worker's thread.
  const ParseOptions& parse_options() const noexcept { return worker_.parse_options(); }
  /// Bit i of the answer: packets[i] is not to be forwarded. At most kBurstSize packets.
  uint64_t process(std::span<const ParsedPacket> packets) { return tapped(worker_.process(packets)); }
  /// The same of a burst that is yet to be parsed.
  uint64_t parse_and_process(Burst& burst) { return tapped(worker_.parse_and_process(burst)); }
  /// Between bursts: a bounded share of ageing, folding and publishing, and what has been offered. `now` is the last
  /// packet's time, or, when the source is idle, its clock's.
  void maintain(Timestamp now, bool idle);
  LoopCounters& loop() noexcept { return loop_; }
  bool publishing() const noexcept { return publisher_.publishing(); }
  /// Its loop has stopped; see Worker.
  void last_packet_was() noexcept { worker_.last_packet_was(); }
  /// Ends every flow and publishes it all.
  void finish();

  // Another thread, always the same one.
  Mailbox<PreparedRules>& rules() noexcept { return rules_; }
  Mailbox<DropList>& drop_list() noexcept { return drop_lists_; }
  Mailbox<TapOrder>& taps() noexcept { return taps_; }

  const Worker& worker() const noexcept { return worker_; }

 private:
  uint64_t tapped(uint64_t blocked) noexcept {
    if (tap_stage_.active()) [[unlikely]] tap_stage_.publish();
    return blocked;
  }

  SharedEvents events_;
  Worker worker_;
  WorkerPublisher publisher_;
  Mailbox<PreparedRules> rules_;
  Mailbox<DropList> drop_lists_;
  Mailbox<TapOrder> taps_;
  TapStage tap_stage_;
  LoopCounters loop_;
  Timestamp next_publish_{};
  int64_t publish_interval_ns_;
};

}  // namespace wirewatch
