// SPDX-License-Identifier: BSD-3-Clause
// The bundled capture and a hundred small ones of the corpus, when there is one: what every source is held to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "dataplane/capture/capture_reader.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {

inline std::vector<std::filesystem::path> small_captures(size_t most = 101) {
  namespace fs = std::filesystem;
  constexpr uintmax_t kSmall = 500'000;
  std::vector<fs::path> paths;
  if (const char* const bundled = std::getenv("WIREWATCH_CAPTURES")) paths.push_back(fs::path(bundled) / "scenario.cap");
  if (const char* const corpus = std::getenv("WIREWATCH_CORPUS")) {
    std::set<fs::path> sorted;
    for (const auto& entry : fs::directory_iterator(fs::path(corpus) / "captures")) sorted.insert(entry.path());
    for (const fs::path& path : sorted) {
      if (paths.size() < most && fs::file_size(path) < kSmall) paths.push_back(path);
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

/// Every frame Ethernet, whole, and no longer than a cable takes.
inline bool sendable(const std::filesystem::path& path) {
  constexpr uint16_t kEthernet = 1;
  constexpr uint32_t kShortest = 14, kLongest = 65'535;
  auto reader = CaptureReader::open(path.string());
  if (!reader) return false;
  PacketBatch batch;
  bool all = true, any = false;
  while (all && (*reader)->read(batch, 1024) > 0) {
    any = true;
    all = std::all_of(batch.packets.begin(), batch.packets.end(), [](const Packet& packet) {
      const uint32_t length = packet.original_length;
      return packet.link_type == kEthernet && packet.captured_length == length && length >= kShortest && length <= kLongest;
    });
  }
  return any && all;
}

/// The bundled one and two hundred small ones from all over the corpus that a device can send as they are.
inline std::vector<std::filesystem::path> sendable_captures() {
  constexpr size_t kMost = 201, kStride = 4;  // every fourth first, since captures of a kind stand side by side
  std::vector<std::filesystem::path> chosen;
  const auto small = small_captures(SIZE_MAX);
  for (size_t first = 0; first < kStride; ++first) {
    for (size_t at = first; at < small.size() && chosen.size() < kMost; at += kStride) {
      if (sendable(small[at])) chosen.push_back(small[at]);
    }
  }
  return chosen;
}

}  // namespace wirewatch::testing
