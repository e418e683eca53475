// SPDX-License-Identifier: BSD-3-Clause
// DPDK ports and queues over devices of rings: stamps, tags, frames in parts, steering and forwarding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <thread>

#include "dataplane/app/shed_guard.h"
#include "dataplane/app/worker_loop.h"
#include "dataplane/packet/parse.h"
#include "dataplane/source/dpdk_eal.h"
#include "dataplane/source/dpdk_queue.h"
#include "dataplane/source/dpdk_steering.h"
#include "tests/app/dpdk_rings.h"
#include "tests/app/small_captures.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

FrameBuilder segment(unsigned flow, bool from_client) {
  const std::string client = "10.0." + std::to_string(flow / 250) + "." + std::to_string(flow % 250 + 1), server = "192.168.0.9";
  return from_client ? eth().ipv4(client, server).tcp(40'000, 443) : eth().ipv4(server, client).tcp(443, 40'000);
}

std::unique_ptr<DpdkPort> opened(const RingDevice& device, const DpdkPortOptions& options) {
  auto port = device.open(options);
  if (!port) throw std::runtime_error(port.error().message);
  return std::move(*port);
}

DpdkPortOptions options_for(unsigned workers) {
  DpdkPortOptions options;
  options.workers = workers;
  options.pool = 4095;
  return options;
}

/// Polls until there is nothing more and shows every burst to `each`.
template <typename Source, typename Each>
void drain(Source& source, Each each) {
  Burst burst;
  for (int idle = 0; idle < 400;) {
    if (source.poll(burst) != Poll::Packets) {
      ++idle;
      continue;
    }
    idle = 0;
    if constexpr (!Source::kParses) {
      parse_all(burst.packets, {}, burst.layers);
      for (size_t i = 0; i < burst.count; ++i) burst.parsed[i] = {&burst.packets[i], &burst.layers[i]};
    }
    each(burst);
    source.recycle(burst);
  }
}

TEST(DpdkPool, EveryBufferHasAnAddressThatADeviceCanBeGiven) {
  for (const auto user : {PoolUser::Bus, PoolUser::Program}) {
    const auto pool = make_pool(user == PoolUser::Bus ? "of_a_bus" : "of_a_program", 1023, 0, user);
    ASSERT_TRUE(pool) << pool.error().message;
    EXPECT_EQ((*pool)->flags & RTE_MEMPOOL_F_NON_IO, 0u);  // what mlx5 and VFIO map for DMA
    std::vector<rte_mbuf*> buffers(1023);
    ASSERT_EQ(rte_pktmbuf_alloc_bulk(pool->get(), buffers.data(), 1023), 0);
    for (const rte_mbuf* buffer : buffers) {
      EXPECT_EQ(rte_mbuf_iova_get(buffer), reinterpret_cast<rte_iova_t>(buffer->buf_addr));  // without hugepages EAL uses virtual ones
    }
    rte_pktmbuf_free_bulk(buffers.data(), 1023);
  }
}

TEST(DpdkPool, OneThatDoesNotFitSaysWhatToChange) {
  const auto pool = make_pool("too_large", 50'000'000, 0, PoolUser::Bus);
  ASSERT_FALSE(pool);
  EXPECT_THAT(pool.error().message, AllOf(HasSubstr("50000000 buffers"), HasSubstr("memory_mb")));
}

TEST(DpdkQueue, HardwareStampsComeOutToTheNanosecondInTheRtt) {
  const RingDevice device(1);
  DpdkPortOptions options = options_for(1);
  options.trust_stamps = true;
  const auto port = opened(device, options);
  DpdkQueue queue(*port, 0);
  constexpr uint64_t kSynAt = 1'700'000'000'123'456'789;
  constexpr uint64_t kRtt = 12'345'679;
  auto& rings = const_cast<RingDevice&>(device);
  rings.put({.bytes = segment(1, true).syn().seq(100).bytes(), .stamp = kSynAt});
  rings.put({.bytes = segment(1, false).syn_ack().seq(500).ack_number(101).bytes(), .stamp = kSynAt + kRtt});
  rings.put({.bytes = segment(1, true).ack().seq(101).ack_number(501).bytes(), .stamp = kSynAt + kRtt + 1});
  WorkerRun run;
  drain(queue, [&](const Burst& burst) { run.worker.process({burst.parsed.data(), burst.count}); });
  ASSERT_EQ(run.handshakes.size(), 1u);
  EXPECT_EQ(run.handshakes[0].syn_time.ns, static_cast<int64_t>(kSynAt));
  EXPECT_EQ(run.handshakes[0].syn_ack_rtt_ns, static_cast<int64_t>(kRtt));
  EXPECT_EQ(run.handshakes[0].ack_rtt_ns, 1);
  EXPECT_EQ(port->timestamps().source, TimestampSource::Nic);
  EXPECT_EQ(queue.counts().stamped.get(), 3u);
}

TEST(DpdkQueue, HandsOverCapturesUnchangedAndWithTheirTimes) {
  const auto paths = small_captures();
  if (paths.empty()) GTEST_SKIP() << "neither WIREWATCH_CAPTURES nor WIREWATCH_CORPUS is set";
  RingDevice device(1);
  DpdkPortOptions options = options_for(1);
  options.trust_stamps = true;
  const auto port = opened(device, options);
  DpdkQueue queue(*port, 0);
  constexpr size_t kAtOnce = 400, kPiece = 1'500;
  for (const std::filesystem::path& path : paths) {
    const auto frames = ethernet_frames_of(path);
    for (size_t at = 0; at < frames.size(); at += kAtOnce) {
      const auto part = std::span(frames).subspan(at, std::min(kAtOnce, frames.size() - at));
      for (const CapturedFrame& frame : part) {
        SentBuffer buffer{.bytes = frame.bytes, .stamp = static_cast<uint64_t>(frame.time.ns)};
        for (size_t cut = kPiece; cut < frame.bytes.size(); cut += kPiece) buffer.cuts.push_back(cut);
        device.put(buffer);
      }
      size_t seen = 0;
      drain(queue, [&](const Burst& burst) {
        for (const Packet& packet : burst.packets) {
          ASSERT_LT(seen, part.size()) << path;
          const CapturedFrame& frame = part[seen++];
          ASSERT_EQ(packet.time.ns, frame.time.ns) << path << ", frame " << at + seen;
          ASSERT_EQ(packet.original_length, frame.bytes.size()) << path << ", frame " << at + seen;
          ASSERT_GE(packet.captured_length, std::min<size_t>(frame.bytes.size(), kPiece)) << path << ", frame " << at + seen;
          ASSERT_TRUE(std::equal(packet.bytes().begin(), packet.bytes().end(), frame.bytes.begin())) << path << ", frame " << at + seen;
        }
      });
      ASSERT_EQ(seen, part.size()) << path;
    }
  }
}

TEST(DpdkQueue, ACapturesOwnTimeGoesOnWhileNothingComes) {
  RingDevice device(1);
  DpdkPortOptions options = options_for(1);
  options.trust_stamps = true;
  const auto port = opened(device, options);
  DpdkQueue queue(*port, 0);
  constexpr int64_t kAt = 1'700'000'000'000'000'000;
  device.put({.bytes = segment(1, true).syn().bytes(), .stamp = static_cast<uint64_t>(kAt)});
  drain(queue, [](const Burst&) {});
  const int64_t first = queue.now().ns;
  EXPECT_GE(first, kAt);
  const int64_t begin = test_clock().now_ns();
  Burst burst;
  while (test_clock().now_ns() - begin < 2'000'000) ASSERT_EQ(queue.poll(burst), Poll::Idle);
  EXPECT_GE(queue.now().ns - first, 2'000'000) << "or nothing would be published or age any more";
  EXPECT_LT(queue.now().ns - kAt, 60'000'000'000);
}

TEST(DpdkQueue, WithoutTrustAStampFromAnotherYearIsRefusedAndTheProcessorsClockUsed) {
  RingDevice device(1);
  const auto port = opened(device, options_for(1));
  DpdkQueue queue(*port, 0);
  const int64_t before = test_clock().now_ns();
  device.put({.bytes = segment(1, true).syn().bytes(), .stamp = 1'600'000'000'000'000'000});
  device.put({.bytes = segment(1, true).syn().bytes(), .stamp = 1'600'000'000'000'000'001});
  std::vector<Timestamp> times;
  drain(queue, [&](const Burst& burst) { for (size_t i = 0; i < burst.count; ++i) times.push_back(burst.packets[i].time); });
  ASSERT_EQ(times.size(), 2u);
  for (const Timestamp time : times) {
    EXPECT_GE(time.ns, before);
    EXPECT_LE(time.ns, test_clock().now_ns());
  }
  EXPECT_EQ(port->timestamps().source, TimestampSource::Tsc);
  EXPECT_THAT(port->clock_state(), HasSubstr("refused: its stamps say 2020-09-13"));
}

TEST(DpdkQueue, PutsATagThatTheNicTookOffBackIntoWhatIsCounted) {
  RingDevice device(1);
  const auto port = opened(device, options_for(1));
  DpdkQueue queue(*port, 0);
  const Bytes tagged = eth().vlan(77).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").bytes();
  const Bytes stacked = eth().ieee8021ad(5).vlan(77).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").bytes();
  const auto without = [](Bytes frame, size_t tags) {
    frame.erase(frame.begin() + 12, frame.begin() + 12 + static_cast<long>(4 * tags));
    return frame;
  };
  device.put({.bytes = without(tagged, 1), .taken_tag = uint16_t{77}});
  device.put({.bytes = without(stacked, 2), .taken_tag = uint16_t{77}, .taken_outer_tag = uint16_t{5}});
  device.put({.bytes = without(tagged, 1)});
  std::vector<Bytes> seen;
  drain(queue, [&](const Burst& burst) {
    for (size_t i = 0; i < burst.count; ++i) {
      EXPECT_EQ(burst.packets[i].original_length, burst.packets[i].captured_length);
      seen.emplace_back(burst.packets[i].bytes().begin(), burst.packets[i].bytes().end());
    }
  });
  EXPECT_THAT(seen, ElementsAre(tagged, stacked, without(tagged, 1)));
  EXPECT_EQ(queue.counts().tags_put_back.get(), 2u);
  EXPECT_EQ(queue.counts().bytes.get(), tagged.size() + stacked.size() + tagged.size() - 4);
}

TEST(DpdkQueue, ReadsFramesThatLieInSeveralBuffers) {
  RingDevice device(1);
  const auto port = opened(device, options_for(1));
  DpdkQueue queue(*port, 0);
  const Bytes small = segment(1, true).ack().payload("GET / HTTP/1.1").bytes();
  const Bytes jumbo = segment(2, true).ack().zeros(8'900).bytes();
  device.put({.bytes = small, .cuts = {20, 40}});             // cut in the IP header
  device.put({.bytes = jumbo, .cuts = {2'048, 4'096, 6'144, 8'192}});
  std::vector<Packet> seen;
  Bytes joined;
  drain(queue, [&](const Burst& burst) {
    for (size_t i = 0; i < burst.count; ++i) {
      EXPECT_TRUE(burst.layers[i].has_flow) << i;
      seen.push_back(burst.packets[i]);
    }
    joined.assign(burst.packets[0].bytes().begin(), burst.packets[0].bytes().end());
  });
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(joined, small);
  EXPECT_EQ(seen[0].original_length, small.size());
  EXPECT_EQ(seen[1].original_length, jumbo.size());
  EXPECT_EQ(seen[1].captured_length, 2'048u);
  EXPECT_EQ(queue.counts().joined.get(), 1u);
}

TEST(SteeredDpdkQueue, BringsBothDirectionsOfEveryFlowToOneWorker) {
  constexpr unsigned kFlows = 200;
  RingDevice device(2);
  DpdkPortOptions options = options_for(3);  // one worker more than the device has queues
  options.trust_stamps = true;
  const auto port = opened(device, options);
  EXPECT_TRUE(port->steers_in_software());
  EXPECT_THAT(port->remarks(), Contains(HasSubstr("it has 2 receive queues")));
  for (unsigned flow = 0; flow < kFlows; ++flow) {  // the device spreads the directions apart
    device.put({.bytes = segment(flow, true).syn().seq(100).bytes(), .stamp = 1'000'000 + flow}, 0);
    device.put({.bytes = segment(flow, false).syn_ack().seq(500).ack_number(101).bytes(), .stamp = 2'000'000 + 3 * flow}, 1);
  }
  auto steering = DpdkSteering::make(*port, 3);
  ASSERT_TRUE(steering) << steering.error().message;
  std::array<WorkerRun, 3> runs;
  uint64_t wrong_queue = 0;
  {
    std::array<std::unique_ptr<SteeredDpdkQueue>, 3> queues;
    for (unsigned i = 0; i < 3; ++i) queues[i] = std::make_unique<SteeredDpdkQueue>(*port, **steering, i, ParseOptions{});
    for (int round = 0; round < 20; ++round) {
      for (unsigned i = 0; i < 3; ++i) {
        drain(*queues[i], [&](const Burst& burst) { runs[i].worker.process({burst.parsed.data(), burst.count}); });
      }
    }
    for (const auto& queue : queues) {
      wrong_queue += queue->wrong_queue();
      EXPECT_EQ(queue->steering_full(), 0u);
    }
  }
  size_t answered = 0;
  for (WorkerRun& run : runs) {
    run.finish();
    EXPECT_GT(run.flows.size(), 0u);
    for (const HandshakeRecord& handshake : run.handshakes) {
      if (!handshake.syn_ack_rtt_ns) continue;
      ++answered;
      EXPECT_EQ(*handshake.syn_ack_rtt_ns % 2, 0) << "the time stamps travel along";
      EXPECT_GE(*handshake.syn_ack_rtt_ns, 1'000'000);
    }
  }
  EXPECT_EQ(answered, kFlows);
  EXPECT_GT(wrong_queue, kFlows / 2);
  EXPECT_LT(wrong_queue, 2 * kFlows);
}

class InlinePair : public ::testing::Test {
 protected:
  InlinePair() {
    DpdkPortOptions options = options_for(1);
    options.forwards = true;
    wan_port = opened(wan, options);
    lan_port = opened(lan, options);
    queue = std::make_unique<DpdkQueue>(*wan_port, 0);
    queue->forward_to(*lan_port);
  }
  RingDevice wan{1}, lan{1};
  std::unique_ptr<DpdkPort> wan_port, lan_port;
  std::unique_ptr<DpdkQueue> queue;
};

TEST_F(InlinePair, ForwardsInOrderAndKeepsBackWhatIsDropped) {
  std::vector<Bytes> expected;
  for (unsigned i = 0; i < 150; ++i) {
    const Bytes frame = segment(i, true).syn().bytes();
    wan.put({.bytes = frame});
    if (i % 3 != 0) expected.push_back(frame);
  }
  unsigned number = 0;
  drain(*queue, [&](const Burst& burst) {
    uint64_t drop = 0;
    for (size_t i = 0; i < burst.count; ++i, ++number) drop |= uint64_t{number % 3 == 0} << i;
    queue->forward(drop);
  });
  EXPECT_TRUE(lan.taken() == expected);
  EXPECT_EQ(queue->forwarded().forwarded.get(), 100u);
  EXPECT_EQ(queue->forwarded().blocked.get(), 50u);
}

TEST_F(InlinePair, ShedsInspectionBeforeForwardingWhenItFallsBehind) {
  std::vector<Bytes> expected;
  for (unsigned i = 0; i < 6'000; ++i) {
    expected.push_back(segment(i, true).syn().bytes());
    wan.put({.bytes = expected.back()});
  }
  uint64_t inspected = 0;
  drain(*queue, [&](const Burst& burst) {
    inspected += burst.count;
    queue->forward(0);
  });
  EXPECT_TRUE(lan.taken() == expected);
  const uint64_t shed = queue->forwarded().shed_inspection.get();
  EXPECT_GT(shed, 1'000u);
  EXPECT_EQ(shed + inspected, 6'000u);
  wan.put({.bytes = expected.front()});
  drain(*queue, [&](const Burst& burst) {
    inspected += burst.count;
    queue->forward(0);
  });
  EXPECT_EQ(shed + inspected, 6'001u) << "it looks again once it has caught up";
}

TEST_F(InlinePair, KeepsBackWhatIsBlockedEvenWhenItDoesNotInspect) {
  ShedGuard guard{ParseOptions{}};
  DropRules rules;
  rules.networks.push_back({*IpPrefix::parse("10.0.3.0/24")});
  guard.lists().offer(std::make_unique<DropList>(rules));
  queue->guard_with(std::ref(guard));
  for (unsigned i = 0; i < 5'000; ++i) wan.put({.bytes = segment(i, true).syn().bytes()});
  for (unsigned i = 0; i < 1'000; ++i) wan.put({.bytes = segment(750 + i % 250, true).syn().bytes()});  // 10.0.3.x
  uint64_t inspected = 0;
  drain(*queue, [&](const Burst& burst) {
    inspected += burst.count;
    queue->forward(0);
  });
  const uint64_t shed = queue->forwarded().shed_inspection.get();
  EXPECT_EQ(shed + inspected, 6'000u);
  EXPECT_GE(queue->forwarded().blocked.get(), 900u);
  EXPECT_EQ(queue->forwarded().forwarded.get() + queue->forwarded().blocked.get(), 6'000u);
}

TEST_F(InlinePair, CountsWhatTheOtherPortDoesNotTake) {
  for (unsigned i = 0; i < 8'000; ++i) wan.put({.bytes = segment(i, true).syn().bytes()});
  drain(*queue, [&](const Burst&) { queue->forward(0); });
  for (unsigned i = 0; i < 1'000; ++i) wan.put({.bytes = segment(i, true).syn().bytes()});
  drain(*queue, [&](const Burst&) { queue->forward(0); });
  const uint64_t full = queue->forwarded().tx_full.get();
  EXPECT_GT(full, 0u);
  EXPECT_EQ(lan.taken().size() + full, 9'000u);
}

/// Not a bound to hold to, since the machine may be busy: what it measures is in the test's properties.
TEST(WorkerLoop, RestsWhenIdleAndWakesForAPacket) {
  RingDevice device(1);
  const auto port = opened(device, options_for(1));
  DpdkQueue queue(*port, 0);
  WorkerReportBoards boards;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    WorkerLoop loop(queue, boards, {IdleMode::Adaptive, 500, test_clock().ns_per_tick()}, [](const Burst&, uint64_t) {});
    Burst burst;
    while (!stop.load(std::memory_order_relaxed)) {
      const bool got = queue.poll(burst) == Poll::Packets;
      if (got) queue.recycle(burst);
      loop.rest(!got);
    }
  });
  std::vector<int64_t> wakes;
  for (uint64_t i = 0; i < 40; ++i) {
    const timespec asleep_by_then{0, 5'000'000};
    ::nanosleep(&asleep_by_then, nullptr);
    const int64_t put_at = test_clock().now_ns();
    device.put({.bytes = segment(1, true).syn().bytes()});
    while (queue.counts().packets.get() <= i) std::this_thread::yield();
    wakes.push_back(test_clock().now_ns() - put_at);
  }
  stop.store(true);
  worker.join();
  std::sort(wakes.begin(), wakes.end());
  RecordProperty("median_wake_us", std::to_string(wakes[wakes.size() / 2] / 1'000));
  RecordProperty("longest_wake_us", std::to_string(wakes.back() / 1'000));
  EXPECT_LT(wakes[wakes.size() / 2], 100'000'000);
}

TEST(DpdkBuffers, AllComeBack) {
  {
    RingDevice device(2);
    const auto port = opened(device, options_for(2));
    auto steering = DpdkSteering::make(*port, 2);
    ASSERT_TRUE(steering);
    SteeredDpdkQueue first(*port, **steering, 0, {}), second(*port, **steering, 1, {});
    for (unsigned i = 0; i < 300; ++i) device.put({.bytes = segment(i, true).syn().bytes()}, i % 2);
    Burst burst;
    while (first.poll(burst) == Poll::Packets) first.recycle(burst);  // leaves some in the ring to the second worker
  }
  EXPECT_EQ(RingDevice::outstanding(), 0u);
}

TEST(DpdkPort, NamesADeviceThatIsNotThere) {
  DpdkPortOptions options;
  options.device = {"0000:99:00.0", "0000:99:00.0", true};
  const auto port = DpdkPort::open(options, test_clock());
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error().message, HasSubstr("DPDK has no device '0000:99:00.0'"));
}

TEST(DpdkDevice, RefusesFailsafeAndNamesWhatToUse) {
  for (const auto* target : {"net_failsafe0,dev(x)", "net_vdev_netvsc0,iface=eth1"}) {
    const auto device = parse_dpdk_device(target);
    ASSERT_FALSE(device) << target;
    EXPECT_THAT(device.error().message, HasSubstr("loses the first packet of every flow"));
    EXPECT_THAT(device.error().message, HasSubstr("net_netvsc"));
  }
  EXPECT_TRUE(parse_dpdk_device("0000:3b:00.1,representor=0")->is_pci);
  EXPECT_FALSE(parse_dpdk_device("net_pcap0,iface=eth0")->is_pci);
  EXPECT_EQ(parse_dpdk_device("net_pcap0,iface=eth0")->name, "net_pcap0");
  EXPECT_FALSE(parse_dpdk_device("net ring"));
}

TEST(EalArguments, AreThoseThatEalTakes) {
  const EalOptions without{.hugepages = false, .memory_mb = 64, .main_cores = "0-1", .devices = {{"net_ring0", "net_ring0", false}}};
  EXPECT_THAT(eal_arguments(without), Contains("--no-huge"));
  EXPECT_THAT(eal_arguments(without), Contains("--no-shconf"));
  EXPECT_THAT(eal_arguments(without), Contains("--no-pci"));
  EXPECT_THAT(eal_arguments(without), ::testing::Not(Contains("--in-memory")));
  const EalOptions with{.hugepages = true, .memory_mb = 64, .main_cores = "0-1", .devices = {{"0000:3b:00.0", "0000:3b:00.0,x=1", true}}};
  EXPECT_THAT(eal_arguments(with), Contains("--in-memory"));
  EXPECT_THAT(eal_arguments(with), ::testing::Not(Contains("--no-huge")));
  EXPECT_THAT(eal_arguments(with), ::testing::Not(Contains("--no-pci")));
  EXPECT_THAT(eal_arguments(with), Contains("0000:3b:00.0,x=1"));
  EalOptions more = without;
  more.more = {"-d", "/opt/librte_net_x.so"};
  const auto arguments = eal_arguments(more);
  EXPECT_EQ(std::vector<std::string>(arguments.end() - 2, arguments.end()), more.more);
}

}  // namespace
}  // namespace wirewatch::testing
