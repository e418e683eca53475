// SPDX-License-Identifier: BSD-3-Clause
// The one loop. Live and replay cannot drift apart when there is one loop to change.
#pragma once

#include <atomic>

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
    if constexpr (Source::kParses) {
      worker.process({burst.parsed.data(), burst.count});
    } else {
      worker.parse_and_process(burst);
    }
    source.recycle(burst);
  }
}

}  // namespace wirewatch
