// SPDX-License-Identifier: BSD-3-Clause
// A live worker with taps on it, and at the other end of the packets' memory what control sees of them.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "dataplane/pipeline/packet_region.h"
#include "tests/pipeline/live_run.h"

namespace wirewatch::testing {

struct TappedFrame {
  TappedPacket head;
  Bytes bytes;
};

class TapRun : public LiveRun {
 public:
  explicit TapRun(size_t ring_bytes = size_t{1} << 20)
      : packets(*PacketRegion::create(1, ring_bytes, 7)), tapped(*PacketRegionReader::map(packets.fd())) {}

  std::shared_ptr<const TapNames> names() {
    auto all = registry.applications();
    return std::make_shared<TapNames>(TapNames{{std::move(all.names)}, std::move(all.categories), {"wan", "lan"}});
  }
  /// In force when this returns.
  void tap(const std::vector<TapSpec>& specs, uint64_t number = 1) {
    auto set = TapSet::compile(specs, number, names());
    if (!set) throw std::runtime_error(set.error().message);
    worker.taps().collect();
    worker.taps().offer(std::make_unique<TapOrder>(TapOrder{std::move(*set), &packets.ring(0)}));
    worker.maintain(Timestamp{}, true);
    worker.taps().collect();
  }
  std::vector<TappedFrame> take_tapped() {
    std::vector<TappedFrame> all;
    for (PacketRingReader& ring = tapped.ring(0); const DrainedPacket* packet = ring.peek(); ring.pop()) {
      all.push_back({packet->head, Bytes(packet->bytes.begin(), packet->bytes.end())});
    }
    return all;
  }
  TapCounts counts(uint8_t slot) const { return tapped.counts(0, slot).value(); }

  PacketRegion packets;
  PacketRegionReader tapped;
};

}  // namespace wirewatch::testing
