// SPDX-License-Identifier: BSD-3-Clause
// Saved captures played over the cable come out of every source byte for byte and in order; what the pipeline makes of
// them is then the same by construction.
#include "dataplane/source/afpacket.h"
#include "tests/app/small_captures.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/received.h"
#ifdef WIREWATCH_HAS_AFXDP
#include "dataplane/source/afxdp.h"
#endif

namespace wirewatch::testing {
namespace {

class CaptureOverCable : public CabledTest {
 protected:
  void SetUp() override {
    CabledTest::SetUp();
    if (!IsSkipped()) cable({.mtu = 65535});
  }

  /// Sends every capture from "left" and compares it with what `source` hands over.
  template <LiveSource Source>
  void play(Source& source) {
    const auto paths = small_captures();
    if (paths.empty()) GTEST_SKIP() << "neither WIREWATCH_CAPTURES nor WIREWATCH_CORPUS is set";
    size_t played = 0;
    for (const std::filesystem::path& path : paths) {
      std::vector<Bytes> frames;
      for (CapturedFrame& frame : ethernet_frames_of(path)) frames.push_back(std::move(frame.bytes));
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
