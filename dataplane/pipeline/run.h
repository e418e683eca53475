// SPDX-License-Identifier: BSD-3-Clause
// The one loop. Live and replay cannot drift apart when there is one loop to change.
#pragma once

#include <atomic>

#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/worker.h"
#include "dataplane/source/source.h"

namespace wirewatch {

/// Runs until the source ends or `stop` is set. The worker is not finished: a source may be followed by another.
template <PacketSource Source>
void run(Source& source, Worker& worker, const std::atomic<bool>& stop) {
  Burst burst;
  while (!stop.load(std::memory_order_relaxed)) {
    const Poll got = source.poll(burst);
    if (got == Poll::End) return;
    if (got == Poll::Idle) continue;
    if constexpr (!Source::kParses) {
      parse_all(burst.packets, worker.parse_options(), burst.layers);
      for (size_t i = 0; i < burst.count; ++i) burst.parsed[i] = {&burst.packets[i], &burst.layers[i]};
    }
    worker.process({burst.parsed.data(), burst.count});
    source.recycle(burst);
  }
}

}  // namespace wirewatch
