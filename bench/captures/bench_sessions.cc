// SPDX-License-Identifier: BSD-3-Clause
// What a tapped packet costs the capture thread: out of the ring, to one session or five, into files.
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/mix/mixed_packets.h"
#include "bench/rate.h"
#include "control/captures/capture_engine.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr Timestamp kNow{1'795'402'800'000'000'000};

struct Kind {
  const char* name;
  unsigned sessions;
  const char* rest;  // of each session's JSON
};
// Files of a ring, so that a long run does not fill the disk.
constexpr std::array kKinds{
    Kind{"one session", 1, R"("ring": {"file_bytes": 50000000, "files": 2})"},
    Kind{"five sessions", 5, R"("ring": {"file_bytes": 20000000, "files": 2})"},
    Kind{"five, of 96 bytes a packet", 5, R"("snap_length": 96, "ring": {"file_bytes": 20000000, "files": 2})"},
    Kind{"five that wait for a trigger", 5, R"("trigger": {"unwanted": []}, "before_bytes": 16777216)"},
    Kind{"five that follow streams", 5, R"("filter": "tcp.stream < 100", "ring": {"file_bytes": 20000000, "files": 2})"},
};

class Folder {
 public:
  Folder() {
    path = (fs::temp_directory_path() / "wirewatch-bench-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

void BM_Sessions_Drain(benchmark::State& state) {
  const Kind& kind = kKinds[static_cast<size_t>(state.range(0))];
  static const mix::MixedPackets mixed({.packets = 20'000, .concurrency = 500});
  const Folder folder;
  auto region = PacketRegion::create(1, 32 << 20, 1);
  if (!region || !region->reserve()) throw std::runtime_error("no shared memory");
  CaptureEngine engine({.directory = folder.path + "/captures", .quota_bytes = uint64_t{1} << 30}, kNow);
  for (unsigned i = 0; i < kind.sessions; ++i) {
    const auto started = engine.start(*read_capture_spec(fmt::format(R"({{"name": "s{}", {}}})", i, kind.rest)), kNow);
    if (!started) throw std::runtime_error(started.error().message);
  }
  engine.connected();
  const auto command = engine.take_command(kNow);
  std::array<uint64_t, kMostTaps> ids{};
  TappedPacket head;
  for (const auto& tap : (*command)["taps"]) {
    ids[tap["slot"].get<size_t>()] = tap["id"].get<uint64_t>();
    head.taps |= uint64_t{1} << tap["slot"].get<unsigned>();
  }
  region->ring(0).begin_set((*command)["set"].get<uint64_t>(), ids);
  auto reader = PacketRegionReader::map(region->fd());
  if (!reader) throw std::runtime_error(reader.error().message);
  engine.answered({{"ok", true}}, std::make_unique<RegionSource>(std::move(*reader)), kNow);
  uint64_t packets = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (const Packet& packet : mixed.packets()) {
      head.time_ns = packet.time.ns;
      head.original_length = packet.original_length;
      region->ring(0).write(head, packet.bytes());
    }
    region->ring(0).publish();
    state.ResumeTiming();
    while (const size_t taken = engine.drain(512, kNow)) packets += taken;
  }
  for (const CaptureView& view : engine.views()) {
    if (view.counts.ring_full != 0 || view.state == CaptureState::Stopped) state.SkipWithError(("a session did not keep up: " + view.stopped_because).c_str());
  }
  state.SetLabel(kind.name);
  report_rate(state, packets);
}
BENCHMARK(BM_Sessions_Drain)->ArgName("kind")->DenseRange(0, static_cast<int64_t>(kKinds.size()) - 1);

}  // namespace
}  // namespace wirewatch
