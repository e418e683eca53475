// SPDX-License-Identifier: BSD-3-Clause
// Reading a saved capture, from the page cache, without looking into its packets.
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "bench/mix/kinds.h"
#include "bench/mix/mixer.h"
#include "bench/mix/pcap_file.h"
#include "bench/rate.h"
#include "dataplane/capture/capture_reader.h"

namespace wirewatch {
namespace {

void read_all(benchmark::State& state, const std::string& path) {
  uint64_t packets = 0;
  for (auto _ : state) {
    const auto reader = CaptureReader::open(path);
    if (!reader) throw std::runtime_error(reader.error().message);
    PacketBatch batch;
    uint64_t bytes = 0;
    while ((*reader)->read(batch, 1024) > 0) {
      packets += batch.packets.size();
      for (const auto& packet : batch.packets) bytes += packet.original_length;
    }
    benchmark::DoNotOptimize(bytes);
  }
  report_rate(state, packets);
}

void BM_CaptureReader_Mix(benchmark::State& state) {
  const auto path = std::filesystem::temp_directory_path() / ("wirewatch-bench-" + std::to_string(::getpid()) + ".pcap");
  mix::Random random(1);
  const auto traces = mix::synthetic_traces(random);
  mix::PcapFile file(path);
  mix::mix(traces, {.packets = 200'000, .concurrency = 4096},
           [&](uint64_t time_ns, std::span<const uint8_t> frame, uint32_t original) { file.write(time_ns, frame, original); });
  file.close();
  read_all(state, path);
  std::filesystem::remove(path);
}
BENCHMARK(BM_CaptureReader_Mix)->Unit(benchmark::kMillisecond);

void BM_CaptureReader_Bundled(benchmark::State& state, const std::string& name) {
  read_all(state, std::string(WIREWATCH_SOURCE_CAPTURES) + "/" + name);
}
BENCHMARK_CAPTURE(BM_CaptureReader_Bundled, pcap, "scenario.cap")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_CaptureReader_Bundled, pcapng, "scenario.pcapng")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_CaptureReader_Bundled, netmon, "scenario.netmon.cap")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace wirewatch
