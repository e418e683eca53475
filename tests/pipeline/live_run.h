// SPDX-License-Identifier: BSD-3-Clause
// A live worker with frames pushed through it and, at the other end of the shared memory, what a reader sees of it.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/base/timestamp.h"
#include "dataplane/pipeline/live_worker.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/pipeline/shared_state.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {

/// For a loop that hands nothing on and never rests.
struct NoHooks {
  void forward(Burst&, uint64_t) noexcept {}
  void rest(bool) noexcept {}
  double ns_per_tick() const noexcept { return 0.5; }
};

inline SharedLimits small_limits() {
  SharedLimits limits;
  limits.table_rows = 8192;
  limits.application_rows = 1024;
  limits.events = 1 << 15;
  return limits;
}

inline WorkerOptions live_options(int64_t pass_ns = kSecond_ns) {
  WorkerOptions options;
  options.max_flows = 10'000;
  options.max_pending_syns = 4'000;
  options.ageing = kLiveAgeing;
  options.pass_ns = pass_ns;
  options.rtt_ports = 64;
  return options;
}

class LiveRun {
 public:
  explicit LiveRun(const WorkerOptions& options = live_options(), std::shared_ptr<const RuleSet> rules = small_rules(),
                   const SharedLimits& limits = small_limits())
      : region(*SharedRegion::create(limits, 7, 1)),
        registry(region),
        worker(options, prepared(rules), region, 0),
        state(*SharedState::map(region.fd())),
        reader(state.events(0)) {}

  std::unique_ptr<PreparedRules> prepared(const std::shared_ptr<const RuleSet>& rules) {
    return std::make_unique<PreparedRules>(rules, number(*rules, registry));
  }

  /// The frames in bursts, with maintenance after each; the drop bits of the last burst.
  uint64_t feed(std::span<const SentFrame> frames, size_t burst_size = kBurstSize) {
    uint64_t blocked = 0;
    for (size_t at = 0; at < frames.size(); at += burst_size) {
      blocked = process(frames.subspan(at, std::min(burst_size, frames.size() - at)));
    }
    return blocked;
  }
  uint64_t feed(const SentFrame& frame) { return feed(std::span(&frame, 1)); }
  /// Nothing but time, long enough for everything to be looked at. In steps, as a clock goes.
  void wait_until(Timestamp until) {
    for (; now_ < until; now_.ns += std::min<int64_t>(kSecond_ns, until.since(now_))) worker.maintain(now_, true);
    worker.maintain(until, true);
  }
  /// Completes a snapshot by letting no more time pass than that takes.
  WorkerSnapshot snapshot() {
    const uint64_t before = state.published(0);
    const Timestamp later{now_.ns + kSecond_ns};
    while (state.published(0) < before + 2) {
      now_ = std::max(now_, later);
      now_.ns += 1'000'000;
      worker.maintain(now_, true);
    }
    return *state.read_worker(0);
  }
  /// All events so far, sorted into flows and handshakes.
  void drain() {
    while (auto event = reader.pop()) {
      if (auto* flow = std::get_if<FlowEvent>(&*event)) flows.push_back(*flow);
      if (auto* handshake = std::get_if<HandshakeEvent>(&*event)) handshakes.push_back(handshake->record);
    }
  }

  SharedRegion region;
  Registry registry;
  LiveWorker worker;
  SharedState state;
  EventReader reader;
  std::vector<FlowEvent> flows;
  std::vector<HandshakeRecord> handshakes;

 private:
  uint64_t process(std::span<const SentFrame> frames) {
    std::vector<Packet> packets;
    for (const SentFrame& frame : frames) packets.push_back(packet_of(frame, ++number_));
    std::vector<Layers> layers(frames.size());
    std::vector<ParsedPacket> parsed;
    for (size_t i = 0; i < frames.size(); ++i) {
      parse(packets[i], worker.parse_options(), layers[i]);
      parsed.push_back({&packets[i], &layers[i]});
    }
    const uint64_t blocked = worker.process(parsed);
    now_ = frames.back().time;
    worker.maintain(now_, false);
    return blocked;
  }

  uint64_t number_ = 0;
  Timestamp now_{};
};

inline Traffic in_paths(const Tables& tables) {
  Traffic sum;
  for (uint16_t path = 0; path < tables.paths.size(); ++path) sum += tables.by_path[path].total();
  return sum;
}

}  // namespace wirewatch::testing
