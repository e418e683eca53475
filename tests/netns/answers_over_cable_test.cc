// SPDX-License-Identifier: BSD-3-Clause
// Captures played over a cable, through every source that faces the kernel: the same answers as `inspect`. Their times are
// those of their sending, so of those it is only compared which there are.
#include "dataplane/source/afpacket.h"
#include "tests/app/answers_over.h"
#include "tests/netns/cabled_test.h"
#ifdef WIREWATCH_HAS_AFXDP
#include "dataplane/source/afxdp.h"
#endif

namespace wirewatch::testing {
namespace {

template <LiveSource Source>
struct SendFromLeft {
  FrameSender& left;
  Source& source;
  void operator()(std::span<const CapturedFrame> frames) const {
    std::vector<Bytes> bytes;
    for (const CapturedFrame& frame : frames) bytes.push_back(frame.bytes);
    ASSERT_EQ(left.send(bytes), bytes.size());
  }
  void wait() const { source.wait(std::chrono::milliseconds(1)); }
};

class AnswersOverCable : public CabledTest {
 protected:
  void SetUp() override {
    CabledTest::SetUp();
    if (!IsSkipped()) cable({.mtu = 65535});
  }
  template <LiveSource Source>
  void play(Source& source) {
    expect_the_answers_of_inspect(source, SendFromLeft<Source>{*left_, source}, Times::AreTheirOwn);
  }
};

TEST_F(AnswersOverCable, AreThoseOfInspectByPacketSockets) {
  const auto opened = AfPacketSource::open({.interface = "right", .block_timeout_ms = 1});
  ASSERT_TRUE(opened) << opened.error().message;
  play(*opened->front());
}

#ifdef WIREWATCH_HAS_AFXDP
TEST_F(AnswersOverCable, AreThoseOfInspectByAfXdp) {
  const auto opened = AfXdpPort::open({.interface = "right"});
  ASSERT_TRUE(opened) << opened.error().message;
  play(*opened->sources.front());
}
#endif

}  // namespace
}  // namespace wirewatch::testing
