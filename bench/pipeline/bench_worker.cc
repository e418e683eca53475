// SPDX-License-Identifier: BSD-3-Clause
// The whole pipeline, parse to counters, on frames in memory: DESIGN section 6 allows 67 ns for a 64-byte frame.
#include <cstring>
#include <vector>

#include "bench/mix/mixed_packets.h"
#include "bench/rate.h"
#include "bench/rules.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {
namespace {

struct Nowhere final : EventSink {
  void on_handshake(const HandshakeRecord&) noexcept override {}
  void on_flow(const FlowRecord&) noexcept override {}
};

void process(Worker& worker, std::span<const Packet> packets, Burst& burst) {
  for (size_t at = 0; at < packets.size(); at += kBurstSize) {
    burst.packets = packets.subspan(at, std::min(kBurstSize, packets.size() - at));
    burst.count = burst.packets.size();
    worker.parse_and_process(burst);
  }
}

/// Bare ACKs of 60 bytes (64 with the check sequence) of flows drawn at random, all of them known.
void BM_Worker_SmallFrames(benchmark::State& state) {
  constexpr size_t kDrawn = 1 << 18;
  constexpr size_t kLength = 60;
  const auto flows = static_cast<uint32_t>(state.range(0));
  mix::Random random(1);
  mix::TraceWriter writer({}, mix::kTcp, 443, 1000, random);
  writer.acknowledge(true);
  auto frame = writer.finish().frames.front().bytes;
  // 40 bytes of IPv4 and TCP without options, the shortest there is.
  frame.resize(kLength);
  frame[17] = 40;
  frame[46] = 0x50;
  Nowhere sink;
  WorkerOptions options;
  options.max_flows = flows;
  Worker worker(options, shipped_rules(), sink);
  Burst burst;
  std::vector<uint8_t> bytes;
  std::vector<Packet> packets;
  const auto add = [&](uint32_t flow) {
    const uint32_t address = 0x0a000000u | (flow & 0xffffffu);
    for (size_t i = 0; i < 4; ++i) frame[26 + i] = static_cast<uint8_t>(address >> (24 - 8 * i));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  };
  const auto lay_out = [&] {
    packets.clear();
    for (size_t at = 0; at < bytes.size(); at += kLength) {
      packets.push_back({.data = bytes.data() + at, .captured_length = kLength, .original_length = kLength, .time = Timestamp{1}});
    }
  };
  for (uint32_t begin = 0; begin < flows; begin += kDrawn) {  // every flow once, a part at a time for memory's sake
    bytes.clear();
    for (uint32_t flow = begin; flow < std::min<uint64_t>(flows, uint64_t{begin} + kDrawn); ++flow) add(flow);
    lay_out();
    process(worker, packets, burst);
  }
  bytes.clear();
  for (size_t i = 0; i < kDrawn; ++i) add(random.below(flows));
  lay_out();
  for (auto _ : state) process(worker, packets, burst);
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
  state.counters["memory_MB"] = static_cast<double>(worker.memory_bytes()) / 1e6;
}
BENCHMARK(BM_Worker_SmallFrames)->ArgName("flows")->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Arg(10'000'000)->Unit(benchmark::kMillisecond);

/// The mix, flows beginning and ending, classification included.
void BM_Worker_Mix(benchmark::State& state) {
  const mix::MixedPackets mixed({.packets = 500'000, .concurrency = static_cast<uint32_t>(state.range(0))});
  Nowhere sink;
  Burst burst;
  double scans = 0;
  for (auto _ : state) {
    Worker worker({}, shipped_rules(), sink);
    process(worker, mixed.packets(), burst);
    worker.finish();
    scans = static_cast<double>(worker.classify_counters().scans);
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * mixed.packets().size());
  state.counters["conversations"] = static_cast<double>(mixed.summary().conversations);
  state.counters["scanned_share"] = scans / static_cast<double>(mixed.packets().size());
}
BENCHMARK(BM_Worker_Mix)->ArgName("concurrency")->Arg(256)->Arg(16'384)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wirewatch
