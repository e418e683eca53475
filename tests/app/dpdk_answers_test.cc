// SPDX-License-Identifier: BSD-3-Clause
// Captures through a DPDK device with the times they have: the same answers as `inspect`, to the nanosecond.
#include "dataplane/source/dpdk_queue.h"
#include "tests/app/answers_over.h"
#include "tests/app/dpdk_rings.h"

namespace wirewatch::testing {
namespace {

/// As a NIC that stamps, and puts long frames into several buffers.
struct PutIntoRings {
  RingDevice& device;
  void operator()(std::span<const CapturedFrame> frames) const {
    constexpr size_t kPiece = 2'000;
    for (const CapturedFrame& frame : frames) {
      SentBuffer buffer{.bytes = frame.bytes, .stamp = static_cast<uint64_t>(frame.time.ns)};
      for (size_t cut = kPiece; cut < frame.bytes.size(); cut += kPiece) buffer.cuts.push_back(cut);
      device.put(buffer);
    }
  }
  void wait() const noexcept {}
};

TEST(DpdkAnswers, AreThoseOfInspectForCapturesFromAllOverTheCorpus) {
  RingDevice device(1);
  DpdkPortOptions options;
  options.pool = 4095;
  options.trust_stamps = true;
  const auto port = device.open(options);
  ASSERT_TRUE(port) << port.error().message;
  DpdkQueue queue(**port, 0);
  expect_the_answers_of_inspect(queue, PutIntoRings{device}, Times::AreTheSame);
}

}  // namespace
}  // namespace wirewatch::testing
