// SPDX-License-Identifier: BSD-3-Clause
// A saved capture through both halves of an inline pair, each direction by its own port: the worker that polls both finds
// the handshakes that a single source finds.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "dataplane/app/pair_source.h"
#include "dataplane/capture/capture_reader.h"
#include "dataplane/packet/parse.h"
#include "dataplane/source/dpdk_queue.h"
#include "tests/app/dpdk_rings.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

struct Frame {
  SentFrame sent;
  bool from_inside = false;  // by which half of the pair it comes in
  unsigned queue = 0;        // where a symmetric hash puts it
};

std::vector<Frame> frames_of_the_bundled_capture(unsigned queues) {
  auto reader = CaptureReader::open((std::filesystem::path(std::getenv("WIREWATCH_CAPTURES")) / "scenario.cap").string());
  if (!reader) throw std::runtime_error(reader.error().message);
  std::vector<Frame> frames;
  PacketBatch batch;
  while ((*reader)->read(batch, 1'000) > 0) {
    for (const Packet& packet : batch.packets) {
      Layers layers;
      parse(packet, {}, layers);
      Frame frame{{Bytes(packet.bytes().begin(), packet.bytes().end()), packet.time}};
      if (layers.has_flow) {
        frame.from_inside = layers.source_is_low;
        frame.queue = static_cast<unsigned>(layers.flow_hash) % queues;
      }
      frames.push_back(std::move(frame));
    }
  }
  return frames;
}

using Shake = std::tuple<std::string, std::string, HandshakeOutcome, int64_t, std::optional<int64_t>, std::optional<int64_t>>;
std::multiset<Shake> comparable(const std::vector<HandshakeRecord>& handshakes) {
  std::multiset<Shake> all;
  for (const HandshakeRecord& each : handshakes) {
    const auto text = [](const Endpoint& end) { return end.address.to_string() + "#" + std::to_string(end.port); };
    all.insert({text(each.client), text(each.server), each.outcome, each.syn_time.ns, each.syn_ack_rtt_ns, each.ack_rtt_ns});
  }
  return all;
}

class InlineHandshakes : public ::testing::TestWithParam<unsigned> {};

TEST_P(InlineHandshakes, AreThoseOfOneSource) {
  const unsigned queues = GetParam();
  const std::vector<Frame> frames = frames_of_the_bundled_capture(queues);
  ASSERT_EQ(frames.size(), 4'838u);
  WorkerRun alone;
  for (const Frame& frame : frames) alone.feed(frame.sent);
  alone.finish();

  RingDevice outside(queues), inside(queues);
  const auto open = [&](const RingDevice& device) {
    DpdkPortOptions options;
    options.workers = queues;
    options.spreading = DpdkSpreading::Nic;
    options.pool = 4095;
    options.trust_stamps = true;
    options.forwards = true;
    auto port = device.open(options);
    if (!port) throw std::runtime_error(port.error().message);
    return std::move(*port);
  };
  const auto outside_port = open(outside), inside_port = open(inside);
  std::vector<HandshakeRecord> found;
  std::vector<std::vector<Bytes>> to_inside(queues), to_outside(queues);
  {
    std::vector<std::unique_ptr<DpdkQueue>> halves;
    std::vector<std::unique_ptr<WorkerRun>> workers;
    std::vector<std::unique_ptr<PairSource<DpdkQueue>>> pairs;
    for (unsigned queue = 0; queue < queues; ++queue) {
      halves.push_back(std::make_unique<DpdkQueue>(*outside_port, queue));
      halves.back()->forward_to(*inside_port);
      halves.push_back(std::make_unique<DpdkQueue>(*inside_port, queue));
      halves.back()->forward_to(*outside_port);
      pairs.push_back(std::make_unique<PairSource<DpdkQueue>>(*halves[2 * queue], *halves[2 * queue + 1]));
      workers.push_back(std::make_unique<WorkerRun>());
    }
    Burst burst;
    for (const Frame& frame : frames) {
      (frame.from_inside ? inside : outside).put({.bytes = frame.sent.bytes, .stamp = static_cast<uint64_t>(frame.sent.time.ns)}, frame.queue);
      PairSource<DpdkQueue>& pair = *pairs[frame.queue];
      ASSERT_EQ(pair.poll(burst), Poll::Packets);
      const uint64_t drop = workers[frame.queue]->worker.parse_and_process(burst);
      pair.forward(burst, drop);
      pair.recycle(burst);
    }
    for (unsigned queue = 0; queue < queues; ++queue) {
      EXPECT_EQ(pairs[queue]->poll(burst), Poll::Idle);
      workers[queue]->finish();
      std::ranges::copy(workers[queue]->handshakes, std::back_inserter(found));
      to_inside[queue] = inside.taken(queue);
      to_outside[queue] = outside.taken(queue);
    }
  }
  EXPECT_EQ(comparable(found), comparable(alone.handshakes));
  EXPECT_GT(std::ranges::count_if(found, [](const auto& each) { return each.syn_ack_rtt_ns.has_value(); }), 100);
  // And each frame left by the other port, in order.
  for (unsigned queue = 0; queue < queues; ++queue) {
    std::vector<Bytes> inward, outward;
    for (const Frame& frame : frames) {
      if (frame.queue == queue) (frame.from_inside ? outward : inward).push_back(frame.sent.bytes);
    }
    EXPECT_TRUE(to_inside[queue] == inward);
    EXPECT_TRUE(to_outside[queue] == outward);
  }
}

INSTANTIATE_TEST_SUITE_P(Queues, InlineHandshakes, ::testing::Values(1, 2), ::testing::PrintToStringParamName());

}  // namespace
}  // namespace wirewatch::testing
