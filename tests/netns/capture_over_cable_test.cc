// SPDX-License-Identifier: BSD-3-Clause
// Saved captures played over the cable come out of every source byte for byte and in order; what the pipeline makes of
// them is then the same by construction.
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>

#include "dataplane/capture/capture_reader.h"
#include "dataplane/source/afpacket.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/received.h"
#ifdef WIREWATCH_HAS_AFXDP
#include "dataplane/source/afxdp.h"
#endif

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

/// The Ethernet frames of a capture that a packet socket will send: not those that end inside the link header.
std::vector<Bytes> frames_of(const fs::path& path) {
  constexpr uint16_t kEthernet = 1;
  constexpr size_t kLinkHeader = 14;
  std::vector<Bytes> frames;
  auto reader = CaptureReader::open(path.string());
  if (!reader) return frames;
  PacketBatch batch;
  while ((*reader)->read(batch, 1024) > 0) {
    for (const Packet& packet : batch.packets) {
      if (packet.link_type != kEthernet || packet.captured_length < kLinkHeader) continue;
      frames.emplace_back(packet.data, packet.data + packet.captured_length);
    }
  }
  return frames;
}

std::vector<fs::path> captures() {
  std::vector<fs::path> paths;
  if (const char* const bundled = std::getenv("WIREWATCH_CAPTURES")) paths.push_back(fs::path(bundled) / "scenario.cap");
  constexpr size_t kMost = 101;
  if (const char* const corpus = std::getenv("WIREWATCH_CORPUS")) {
    std::set<fs::path> sorted;
    for (const auto& entry : fs::directory_iterator(fs::path(corpus) / "captures")) sorted.insert(entry.path());
    for (const fs::path& path : sorted) {
      constexpr uintmax_t kSmall = 500'000;
      if (paths.size() < kMost && fs::file_size(path) < kSmall) paths.push_back(path);
    }
  }
  return paths;
}

class CaptureOverCable : public CabledTest {
 protected:
  void SetUp() override {
    CabledTest::SetUp();
    if (!IsSkipped()) cable({.mtu = 65535});
  }

  /// Sends every capture from "left" and compares it with what `source` hands over.
  template <LiveSource Source>
  void play(Source& source) {
    const auto paths = captures();
    if (paths.empty()) GTEST_SKIP() << "neither WIREWATCH_CAPTURES nor WIREWATCH_CORPUS is set";
    size_t played = 0;
    for (const fs::path& path : paths) {
      const std::vector<Bytes> frames = frames_of(path);
      if (frames.empty()) continue;
      ++played;
      constexpr size_t kAtOnce = 512;  // less than any ring holds
      for (size_t at = 0; at < frames.size(); at += kAtOnce) {
        const auto part = std::span(frames).subspan(at, std::min(kAtOnce, frames.size() - at));
        ASSERT_EQ(left_->send(part), part.size()) << path;
        const auto received = receive(source, part.size());
        ASSERT_EQ(received.size(), part.size()) << path;
        for (size_t i = 0; i < part.size(); ++i) ASSERT_EQ(received[i].bytes, part[i]) << path << ", frame " << at + i + 1;
      }
    }
    EXPECT_GT(played, 0u);
    EXPECT_EQ(all_losses(source), 0u);
  }
};

TEST_F(CaptureOverCable, ComesOutOfPacketSocketsUnchanged) {
  const auto opened = AfPacketSource::open({.interface = "right", .block_timeout_ms = 1});
  ASSERT_TRUE(opened) << opened.error().message;
  play(*opened->front());
}

#ifdef WIREWATCH_HAS_AFXDP
TEST_F(CaptureOverCable, ComesOutOfAfXdpUnchanged) {
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_TRUE(opened) << opened.error().message;
  play(*opened->sources.front());
}
#endif

}  // namespace
}  // namespace wirewatch::testing
