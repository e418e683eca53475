// SPDX-License-Identifier: BSD-3-Clause
// The loop of run.h for a source that never ends: the same poll, parse and process, and between two bursts what a worker
// that goes on for ever owes. What the surroundings add, forwarding and resting, are hooks.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <chrono>
#endif

#include "dataplane/pipeline/live_worker.h"
#include "dataplane/source/source.h"

namespace wirewatch {

template <typename T>
concept LoopHooks = requires(T hooks, Burst& burst, uint64_t drop, bool was_idle) {
  /// Each burst, inspected and not yet recycled; bit i of `drop`: packet i is not to be forwarded.
  { hooks.forward(burst, drop) };
  /// Once a round, after maintenance: rest when there was nothing, come back when there is.
  { hooks.rest(was_idle) };
  /// Nanoseconds a tick of ticks() lasts.
  { hooks.ns_per_tick() } -> std::convertible_to<double>;
};

/// The cheapest clock there is, read once a round at the loop's edge and never for a packet.
inline uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// Runs until the source ends or `stop` is set, on the calling thread. The worker is not finished: who reads clocks reads
/// them once more before.
template <LiveSource Source, LoopHooks Hooks>
void run_live(Source& source, LiveWorker& worker, Hooks& hooks, const std::atomic<bool>& stop) {
  Burst burst;
  LoopCounters& loop = worker.loop();
  while (!stop.load(std::memory_order_relaxed)) {
    const uint64_t begun = ticks();
    const Poll got = source.poll(burst);
    if (got == Poll::End) break;
    if (got == Poll::Packets && burst.count > 0) {
      uint64_t drop = 0;
      if constexpr (Source::kParses) {
        drop = worker.process({burst.parsed.data(), burst.count});
      } else {
        drop = worker.parse_and_process(burst);
      }
      const Timestamp last = burst.parsed[burst.count - 1].packet->time;
      hooks.forward(burst, drop);
      source.recycle(burst);
      const bool publishing = worker.publishing();
      const uint64_t inspected = ticks();
      worker.maintain(last, false);
      const uint64_t done = ticks();
      const auto nanoseconds = [&](uint64_t count) { return static_cast<uint64_t>(static_cast<double>(count) * hooks.ns_per_tick()); };
      ++loop.bursts;
      loop.longest_burst_ns = std::max(loop.longest_burst_ns, nanoseconds(done - begun));
      if (publishing) loop.publish_longest_ns = std::max(loop.publish_longest_ns, nanoseconds(done - inspected));
    } else {
      worker.maintain(source.now(), true);
    }
    hooks.rest(got == Poll::Idle && !worker.publishing());  // what is half published is worth more than rest
  }
  worker.last_packet_was();
}

}  // namespace wirewatch
