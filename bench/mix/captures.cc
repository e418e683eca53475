// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/captures.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "dataplane/capture/capture_reader.h"

namespace wirewatch::mix {
namespace {

constexpr uint16_t kEthernet = 1;
constexpr uint64_t kLongestNs = 60'000'000'000;  // hours of silence in a capture would be hours in the mix
constexpr size_t kFewestFrames = 4;

Trace trace_of(const std::string& path) {
  Trace trace;
  const auto reader = CaptureReader::open(path);
  if (!reader) return trace;
  PacketBatch batch;
  std::vector<int64_t> times;
  while ((*reader)->read(batch, 1024) > 0) {
    for (const auto& packet : batch.packets) {
      if (packet.link_type != kEthernet || packet.time == kNoTimestamp) continue;
      times.push_back(packet.time.ns);
      const auto bytes = packet.bytes();
      trace.frames.push_back({.at_ns = 0,
                              .from_client = true,
                              .original_length = std::max(packet.original_length, packet.captured_length),
                              .bytes = {bytes.begin(), bytes.end()}});
    }
  }
  if (times.size() < kFewestFrames) return {};
  const int64_t first = *std::min_element(times.begin(), times.end());
  for (size_t i = 0; i < times.size(); ++i) {
    trace.frames[i].at_ns = std::min(static_cast<uint64_t>(times[i]) - static_cast<uint64_t>(first), kLongestNs);
  }
  std::stable_sort(trace.frames.begin(), trace.frames.end(), [](const auto& a, const auto& b) { return a.at_ns < b.at_ns; });
  return trace;
}

}  // namespace

std::vector<Trace> captured_traces(const std::string& file_or_folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  if (fs::is_directory(file_or_folder)) {
    for (const auto& entry : fs::directory_iterator(file_or_folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
  } else {
    paths.push_back(file_or_folder);
  }
  std::vector<Trace> traces;
  for (const auto& path : paths) {
    auto trace = trace_of(path);
    if (!trace.frames.empty()) traces.push_back(std::move(trace));
  }
  if (traces.empty()) throw std::runtime_error("no Ethernet capture in " + file_or_folder);
  return traces;
}

}  // namespace wirewatch::mix
