// SPDX-License-Identifier: BSD-3-Clause
// What a worker that never ends costs beside its packets: upkeep between bursts, publishing, new rules.
#include <algorithm>
#include <chrono>
#include <vector>

#include "bench/mix/random.h"
#include "bench/rate.h"
#include "bench/rules.h"
#include "dataplane/pipeline/live_worker.h"
#include "dataplane/pipeline/packet_region.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/pipeline/run_live.h"

namespace wirewatch {
namespace {

constexpr size_t kLength = 60;
constexpr size_t kDrawn = 1 << 18;

/// Bare ACKs of `flows` connections, drawn at random, 67 ns apart: 10 GbE full of small frames.
class SmallFrames {
 public:
  explicit SmallFrames(uint32_t flows) : random_(1), flows_(flows) {
    bytes_.resize(kDrawn * kLength);
    for (size_t i = 0; i < kDrawn; ++i) write(i, i < flows ? static_cast<uint32_t>(i) : random_.below(flows));
  }
  size_t bursts() const noexcept { return kDrawn / kBurstSize; }
  /// Flows from `first` on, to have seen every one once.
  void lay(uint32_t first) {
    for (size_t i = 0; i < kDrawn; ++i) write(i, (first + static_cast<uint32_t>(i)) % flows_);
  }
  void draw() {
    for (size_t i = 0; i < kDrawn; ++i) write(i, random_.below(flows_));
  }
  uint64_t play(LiveWorker& worker, size_t burst) {
    for (size_t i = 0; i < kBurstSize; ++i) {
      now_.ns += 67;
      const uint8_t* data = bytes_.data() + (burst * kBurstSize + i) * kLength;
      packets_[i] = {.data = data, .captured_length = kLength, .original_length = kLength, .time = now_};
    }
    burst_.packets = packets_;
    burst_.count = kBurstSize;
    const uint64_t before = ticks();
    const uint64_t drop = worker.parse_and_process(burst_);
    benchmark::DoNotOptimize(drop);
    worker.maintain(now_, false);
    return ticks() - before;
  }

 private:
  void write(size_t place, uint32_t flow) {
    static constexpr uint8_t kFrame[kLength] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0,
                                                10, 0, 0, 0, 198, 18, 0, 1, 0x9c, 0x40, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0};
    uint8_t* at = bytes_.data() + place * kLength;
    std::copy_n(kFrame, kLength, at);
    for (size_t i = 0; i < 3; ++i) at[27 + i] = static_cast<uint8_t>(flow >> (16 - 8 * i));
  }

  mix::Random random_;
  uint32_t flows_;
  std::vector<uint8_t> bytes_;
  std::array<Packet, kBurstSize> packets_;
  Burst burst_;
  Timestamp now_{1'700'000'000'000'000'000};
};

struct Plane {
  explicit Plane(size_t flows, int64_t pass_ns = 1'000'000'000)
      : region(*SharedRegion::create({}, 1, 1)),
        registry(region),
        ids(number(*shipped_rules(), registry)),
        worker(options(flows, pass_ns), std::make_unique<PreparedRules>(shipped_rules(), ids), region, 0) {}
  static WorkerOptions options(size_t flows, int64_t pass_ns) {
    WorkerOptions options;
    options.max_flows = flows;
    options.max_pending_syns = 100'000;
    options.ageing = kLiveAgeing;
    options.pass_ns = pass_ns;
    options.rtt_ports = 64;
    return options;
  }
  SharedRegion region;
  Registry registry;
  std::shared_ptr<const RuleIds> ids;
  LiveWorker worker;
};

/// Parsing, the worker, ageing, folding and publishing; `longest_us` is the longest burst.
void BM_LiveWorker_SmallFrames(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Plane plane(flows);
  SmallFrames frames(flows);
  for (uint32_t first = 0; first < flows; first += kDrawn) {
    frames.lay(first);
    for (size_t burst = 0; burst < frames.bursts(); ++burst) frames.play(plane.worker, burst);
  }
  frames.draw();
  std::vector<uint64_t> took;
  for (auto _ : state) {
    for (size_t burst = 0; burst < frames.bursts(); ++burst) took.push_back(frames.play(plane.worker, burst));
  }
  std::sort(took.begin(), took.end());
  report_rate(state, static_cast<uint64_t>(state.iterations()) * kDrawn);
  state.counters["burst_median_ticks"] = static_cast<double>(took[took.size() / 2]);
  state.counters["burst_p999_ticks"] = static_cast<double>(took[took.size() * 999 / 1000]);
  state.counters["memory_MB"] = static_cast<double>(plane.worker.worker().memory_bytes()) / 1e6;
}
BENCHMARK(BM_LiveWorker_SmallFrames)->ArgName("flows")->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

/// The same at 100 k flows with taps that none of the frames matches, in place of sessions that look for something rare.
void BM_LiveWorker_Tapped(benchmark::State& state) {
  constexpr uint32_t kFlows = 100'000;
  Plane plane(kFlows);
  auto packets = *PacketRegion::create(1, size_t{32} << 20, 1);
  std::vector<TapSpec> specs;
  for (uint8_t slot = 0; slot < state.range(0); ++slot) specs.push_back({.slot = slot, .id = slot + uint64_t{1}, .filter = "tcp.port == 111"});
  auto set = *TapSet::compile(specs, 1, std::make_shared<TapNames>());
  plane.worker.taps().offer(std::make_unique<TapOrder>(TapOrder{std::move(set), &packets.ring(0)}));
  SmallFrames frames(kFlows);
  for (size_t burst = 0; burst < frames.bursts(); ++burst) frames.play(plane.worker, burst);
  frames.draw();
  for (auto _ : state) {
    for (size_t burst = 0; burst < frames.bursts(); ++burst) frames.play(plane.worker, burst);
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * kDrawn);
}
BENCHMARK(BM_LiveWorker_Tapped)->ArgName("taps")->Arg(0)->Arg(1)->Arg(5)->Unit(benchmark::kMillisecond);

/// Taking rules that were prepared elsewhere, and giving back the ones before.
void BM_LiveWorker_AdoptRules(benchmark::State& state) {
  Plane plane(1000);
  auto other = std::make_unique<PreparedRules>(shipped_rules(), plane.ids);
  SharedEvents events(plane.region, 0);
  Worker worker(Plane::options(1000, 1'000'000'000), std::make_unique<PreparedRules>(shipped_rules(), plane.ids), events);
  for (auto _ : state) {
    other = worker.adopt(std::move(other));
    other->also_released.reset();
  }
}
BENCHMARK(BM_LiveWorker_AdoptRules);

/// A whole snapshot at once, as before stopping; live it is cut into slices of 128 places.
void BM_WorkerPublisher_Publish(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Plane plane(flows, 1000);
  SmallFrames frames(flows);
  for (int round = 0; round < 8; ++round) {
    for (size_t burst = 0; burst < frames.bursts(); ++burst) frames.play(plane.worker, burst);
  }
  WorkerPublisher publisher(plane.region, 0);
  for (auto _ : state) publisher.publish(plane.worker.worker(), {}, 0, Timestamp{1});
  const Tables& tables = plane.worker.worker().tables();
  state.counters["rows"] = static_cast<double>(tables.destinations.size() + tables.endpoints.size() + tables.conversations.size());
}
BENCHMARK(BM_WorkerPublisher_Publish)->ArgName("flows")->Arg(1'000)->Arg(60'000)->Unit(benchmark::kMicrosecond);

/// A reader's copy of it.
void BM_SharedState_ReadWorker(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Plane plane(flows, 1000);
  SmallFrames frames(flows);
  for (int round = 0; round < 8; ++round) {
    for (size_t burst = 0; burst < frames.bursts(); ++burst) frames.play(plane.worker, burst);
  }
  WorkerPublisher publisher(plane.region, 0);
  publisher.publish(plane.worker.worker(), {}, 0, Timestamp{1});
  const auto shared = SharedState::map(plane.region.fd());
  for (auto _ : state) benchmark::DoNotOptimize(shared->read_worker(0));
}
BENCHMARK(BM_SharedState_ReadWorker)->ArgName("flows")->Arg(1'000)->Arg(60'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wirewatch
