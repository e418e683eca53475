// SPDX-License-Identifier: BSD-3-Clause
// How every benchmark here states its result: nanoseconds per packet, and packets per second.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace wirewatch {

/// Call once, after the loop, with all packets of all iterations.
inline void report_rate(benchmark::State& state, uint64_t packets) {
  state.SetItemsProcessed(static_cast<int64_t>(packets));  // printed as items_per_second
  // Seconds for one, which Google Benchmark prints as 43.9ns.
  state.counters["per_packet"] =
      benchmark::Counter(static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace wirewatch
