// SPDX-License-Identifier: BSD-3-Clause
// From a worker to the main thread: flows it knows to be of a blocked application, on a port that keeps frames back by
// address only. Full means that a flow is found again by its next frame.
#pragma once

#include <vector>

#include "dataplane/source/source.h"
#include "dataplane/stats/spsc_ring.h"
#include "dataplane/xdp/block_table.h"

namespace wirewatch {

class FoundFlows {
 public:
  /// The worker's thread: bit i of `blocked` is the burst's frame i. Frames inside tunnels are left out, since what a
  /// device looks at is the outermost header.
  void note(const Burst& burst, uint64_t blocked) noexcept {
    for (size_t i = 0; i < burst.count; ++i) {
      const Layers& layers = *burst.parsed[i].layers;
      if ((blocked >> i & 1) == 0 || !layers.has_flow || layers.tunneled) continue;
      producer_.push({layers.key, 0});
    }
  }

  /// The main thread's end: empties it into `flows`.
  void take(std::vector<BlockedFlow>& flows) {
    Record record;
    while (consumer_.pop(record)) flows.push_back({record.key.low(), record.key.high(), record.key.ip_protocol});
  }

 private:
  struct Record {
    FlowKey key;
    uint32_t unused;
  };
  static constexpr size_t kPlaces = 256;

  RingHeader header_;
  std::vector<Record> records_{kPlaces};
  RingProducer<Record> producer_{header_, records_.data(), kPlaces};
  RingConsumer<Record> consumer_{header_, records_.data(), kPlaces};
};

}  // namespace wirewatch
