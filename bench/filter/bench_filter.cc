// SPDX-License-Identifier: BSD-3-Clause
// A display filter over parsed frames, from the simplest to those that walk every field; and what the stream facts cost.
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/mix/mixed_packets.h"
#include "bench/rate.h"
#include "dataplane/filter/field_reader.h"
#include "dataplane/filter/filter.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"

namespace wirewatch {
namespace {

constexpr std::array kFilters{
    "tcp.port == 111",
    "tcp.port in {80, 443, 8000..8100}",
    "ip.addr == 10.0.0.0/8 and tcp.port == 443",
    "tcp.flags.syn == 1 && tcp.flags.ack == 0",
    "(tcp.port == 443 or udp.port == 443) and not ip.src == 10.0.0.1 and frame.len > 100",
    "ip.ttl < 64",
    "tcp.options.mss_val == 1460",
    "eth.src[0:3] == 00:11:22 or tcp[13] & 2",
    "dns.qry.name contains \"example\"",
    "frame contains \"GET /index\"",
    "tcp.payload matches \"^GET [a-z/]+ HTTP\"",
};

struct Parsed {
  Parsed() : mixed({.packets = 20'000, .concurrency = 500}), layers(mixed.packets().size()) {
    for (size_t i = 0; i < layers.size(); ++i) parse(mixed.packets()[i], {}, layers[i]);
  }
  mix::MixedPackets mixed;
  std::vector<Layers> layers;
};

const Parsed& parsed() {
  static const Parsed all;
  return all;
}

void BM_Filter_Matches(benchmark::State& state) {
  const std::string text = kFilters[static_cast<size_t>(state.range(0))];
  auto filter = Filter::compile(text);
  if (!filter) throw std::runtime_error(filter.error().message);
  const auto packets = parsed().mixed.packets();
  size_t matched = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < packets.size(); ++i) {
      matched += filter->matches({.packet = packets[i], .layers = parsed().layers[i]});
    }
  }
  benchmark::DoNotOptimize(matched);
  state.SetLabel(text);
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
}
BENCHMARK(BM_Filter_Matches)->ArgName("filter")->DenseRange(0, static_cast<int64_t>(kFilters.size()) - 1);

void BM_Filter_ParseAndMatch(benchmark::State& state) {
  auto filter = Filter::compile("tcp.port == 111");
  const auto packets = parsed().mixed.packets();
  size_t matched = 0;
  Layers layers;
  for (auto _ : state) {
    for (const Packet& packet : packets) {
      parse(packet, {}, layers);
      matched += filter->matches({.packet = packet, .layers = layers});
    }
  }
  benchmark::DoNotOptimize(matched);
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
}
BENCHMARK(BM_Filter_ParseAndMatch);

void BM_StreamTracker_Observe(benchmark::State& state) {
  const auto packets = parsed().mixed.packets();
  StreamTracker tracker;
  for (auto _ : state) {
    for (size_t i = 0; i < packets.size(); ++i) benchmark::DoNotOptimize(&tracker.observe(packets[i], parsed().layers[i]));
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
}
BENCHMARK(BM_StreamTracker_Observe);

void BM_FieldReader_FiveColumns(benchmark::State& state) {
  const std::vector<std::string> fields{"frame.number", "ip.src", "ip.dst", "tcp.port", "frame.len"};
  auto reader = FieldReader::compile(fields);
  const auto packets = parsed().mixed.packets();
  std::string line;
  for (auto _ : state) {
    for (size_t i = 0; i < packets.size(); ++i) {
      line.clear();
      reader->read({.packet = packets[i], .layers = parsed().layers[i]});
      for (size_t column = 0; column < fields.size(); ++column) reader->print_all(column, ",", line);
      benchmark::DoNotOptimize(line.data());
    }
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * packets.size());
}
BENCHMARK(BM_FieldReader_FiveColumns);

}  // namespace
}  // namespace wirewatch
