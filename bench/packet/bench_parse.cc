// SPDX-License-Identifier: BSD-3-Clause
// Bytes to layers, hash included.
#include "bench/mix/mixed_packets.h"
#include "bench/rate.h"
#include "dataplane/packet/parse.h"

namespace wirewatch {
namespace {

void parse_all(benchmark::State& state, std::span<const Packet> packets) {
  Layers layers;
  for (auto _ : state) {
    for (const auto& packet : packets) {
      parse(packet, {}, layers);
      benchmark::DoNotOptimize(layers.flow_hash);
    }
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
}

void BM_Parse_Mix(benchmark::State& state) {
  const mix::MixedPackets mixed({.packets = 20'000, .concurrency = 500});
  parse_all(state, mixed.packets());
}
BENCHMARK(BM_Parse_Mix);

void BM_Parse_Frame(benchmark::State& state) {
  mix::Random random(1);
  mix::TraceWriter writer({.ipv6 = state.range(0) == 6, .vlan = static_cast<uint16_t>(state.range(1))},
                          state.range(2) == 17 ? mix::kUdp : mix::kTcp, 443, 1000, random);
  const std::array<uint8_t, 6> payload{};
  writer.client(payload);
  const auto trace = writer.finish();
  const auto& bytes = trace.frames.front().bytes;
  const Packet packet{.data = bytes.data(),
                      .captured_length = static_cast<uint32_t>(bytes.size()),
                      .original_length = static_cast<uint32_t>(bytes.size())};
  parse_all(state, {&packet, 1});
}
BENCHMARK(BM_Parse_Frame)
    ->ArgNames({"ip", "vlan", "transport"})
    ->Args({4, 0, 6})
    ->Args({4, 0, 17})
    ->Args({4, 7, 6})
    ->Args({6, 0, 6})
    ->Args({6, 0, 17});

}  // namespace
}  // namespace wirewatch
