// SPDX-License-Identifier: BSD-3-Clause
// The bundled capture and a hundred small ones of the corpus, when there is one: what every source is held to.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "dataplane/capture/capture_reader.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {

inline std::vector<std::filesystem::path> small_captures() {
  namespace fs = std::filesystem;
  constexpr size_t kMost = 101;
  constexpr uintmax_t kSmall = 500'000;
  std::vector<fs::path> paths;
  if (const char* const bundled = std::getenv("WIREWATCH_CAPTURES")) paths.push_back(fs::path(bundled) / "scenario.cap");
  if (const char* const corpus = std::getenv("WIREWATCH_CORPUS")) {
    std::set<fs::path> sorted;
    for (const auto& entry : fs::directory_iterator(fs::path(corpus) / "captures")) sorted.insert(entry.path());
    for (const fs::path& path : sorted) {
      if (paths.size() < kMost && fs::file_size(path) < kSmall) paths.push_back(path);
    }
  }
  return paths;
}

struct CapturedFrame {
  Bytes bytes;
  Timestamp time;
};

/// The Ethernet frames of a capture that a device would send: not those that end inside the link header.
inline std::vector<CapturedFrame> ethernet_frames_of(const std::filesystem::path& path) {
  constexpr uint16_t kEthernet = 1;
  constexpr size_t kLinkHeader = 14;
  std::vector<CapturedFrame> frames;
  auto reader = CaptureReader::open(path.string());
  if (!reader) return frames;
  PacketBatch batch;
  while ((*reader)->read(batch, 1024) > 0) {
    for (const Packet& packet : batch.packets) {
      if (packet.link_type != kEthernet || packet.captured_length < kLinkHeader) continue;
      frames.push_back({Bytes(packet.data, packet.data + packet.captured_length), packet.time});
    }
  }
  return frames;
}

}  // namespace wirewatch::testing
