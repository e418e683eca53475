// SPDX-License-Identifier: BSD-3-Clause
// What taps cost a packet, beside all that a worker does with it anyway: asking, and copying what is wanted into the ring.
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/mix/mixed_packets.h"
#include "bench/rate.h"
#include "bench/rules.h"
#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/packet_region.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/pipeline/tap_stage.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {
namespace {

struct Asked {
  const char* filter;
  const char* bpf;
  uint32_t snap_length = kMostSnapLength;
};
constexpr std::array kAsked{
    Asked{"tcp.port == 111", ""},
    Asked{"", "tcp port 111"},
    Asked{"(tcp.port == 443 or udp.port == 443) and not ip.src == 10.0.0.1 and frame.len > 100", ""},
    Asked{"tcp.options.mss_val == 1460", ""},
    Asked{"frame contains \"GET /index\"", ""},
    Asked{"flow.application == \"bittorrent\"", ""},
    Asked{"", "", 96},  // everything, headers only
    Asked{"", ""},      // everything
};

/// A worker that has seen the mix, whose flows are still there to be asked about.
struct Seen final : EventSink {
  Seen()
      : mixed({.packets = 20'000, .concurrency = 500}),
        layers(mixed.packets().size()),
        region(*SharedRegion::create({}, 1, 1)),
        registry(region),
        worker({.pass_ns = 1'000'000'000}, std::make_unique<PreparedRules>(shipped_rules(), number(*shipped_rules(), registry)), *this) {
    std::vector<ParsedPacket> parsed;
    for (size_t i = 0; i < layers.size(); ++i) {
      parse(mixed.packets()[i], {}, layers[i]);
      parsed.push_back({&mixed.packets()[i], &layers[i]});
    }
    worker.process(parsed);
  }
  void on_handshake(const HandshakeRecord&) noexcept override {}
  void on_flow(const FlowRecord&) noexcept override {}

  mix::MixedPackets mixed;
  std::vector<Layers> layers;
  SharedRegion region;
  Registry registry;
  Worker worker;
};

/// Nobody reads, so each round begins with a ring that was emptied: otherwise there would be nothing to copy.
void BM_TapStage_Packet(benchmark::State& state) {
  static Seen seen;
  const Asked& asked = kAsked[static_cast<size_t>(state.range(0))];
  const auto taps = static_cast<uint8_t>(state.range(1));
  auto region = PacketRegion::create(1, size_t{64} << 20, 1);
  if (!region || !region->reserve()) throw std::runtime_error("no memory for the ring");
  auto reader = PacketRegionReader::map(region->fd());
  const auto applications = seen.registry.applications();
  const auto names = std::make_shared<TapNames>(TapNames{{applications.names}, applications.categories, {"eth0"}});
  std::vector<TapSpec> specs;
  for (uint8_t slot = 0; slot < taps; ++slot) {
    specs.push_back({.slot = slot, .id = slot + uint64_t{1}, .filter = asked.filter, .bpf = asked.bpf, .snap_length = asked.snap_length});
  }
  auto set = TapSet::compile(specs, 1, names);
  if (!set) throw std::runtime_error(set.error().message);
  TapStage stage;
  stage.adopt(std::make_unique<TapOrder>(TapOrder{std::move(*set), &region->ring(0)}));
  const auto packets = std::span(seen.mixed.packets());
  for (auto _ : state) {
    for (size_t i = 0; i < packets.size(); ++i) {
      stage.on_packet(seen.worker, packets[i], seen.layers[i], false);
      if (i % 64 == 63) stage.publish();
    }
    stage.publish();
    reader->ring(0).skip_all();
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
  const auto counts = reader->counts(0, 0).value();
  const auto rounds = static_cast<double>(state.iterations());
  state.counters["matched"] = static_cast<double>(counts.matched_packets) / rounds / static_cast<double>(packets.size());
  state.counters["dropped"] = static_cast<double>(counts.dropped_packets);
  state.SetLabel(*asked.bpf != '\0' ? asked.bpf : *asked.filter != '\0' ? asked.filter : "everything");
}
BENCHMARK(BM_TapStage_Packet)
    ->ArgNames({"asked", "taps"})
    ->ArgsProduct({benchmark::CreateDenseRange(0, kAsked.size() - 1, 1), {1, 5}})
    ->Unit(benchmark::kMillisecond);

/// Control's copy out of the ring, of 300-byte packets.
void BM_PacketRing_Drain(benchmark::State& state) {
  auto region = PacketRegion::create(1, size_t{8} << 20, 1);
  auto reader = PacketRegionReader::map(region->fd());
  std::array<uint64_t, kMostTaps> ids{};
  ids[0] = 1;
  region->ring(0).begin_set(1, ids);
  const std::vector<uint8_t> bytes(300);
  constexpr size_t kPackets = 10'000;
  for (auto _ : state) {
    state.PauseTiming();
    TappedPacket head;
    head.taps = 1;
    for (size_t i = 0; i < kPackets; ++i) region->ring(0).write(head, bytes);
    region->ring(0).publish();
    state.ResumeTiming();
    size_t drained = 0;
    while (reader->ring(0).peek() != nullptr) {
      reader->ring(0).pop();
      ++drained;
    }
    if (drained != kPackets) throw std::runtime_error("the ring lost packets");
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * kPackets);
}
BENCHMARK(BM_PacketRing_Drain);

}  // namespace
}  // namespace wirewatch
