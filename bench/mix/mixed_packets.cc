// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/mixed_packets.h"

#include "bench/mix/kinds.h"

namespace wirewatch::mix {

MixedPackets::MixedPackets(const MixOptions& options) {
  Random random(options.seed);
  const auto traces = synthetic_traces(random);
  summary_ = mix(traces, options, [&](uint64_t time_ns, std::span<const uint8_t> frame, uint32_t original_length) {
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    packets_.push_back({.data = nullptr,
                        .captured_length = static_cast<uint32_t>(frame.size()),
                        .original_length = original_length,
                        .time = Timestamp{static_cast<int64_t>(time_ns)},
                        .number = packets_.size() + 1});
  });
  const uint8_t* at = bytes_.data();  // only now, since they no longer move
  for (auto& packet : packets_) {
    packet.data = at;
    at += packet.captured_length;
  }
}

}  // namespace wirewatch::mix
