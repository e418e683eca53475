// SPDX-License-Identifier: BSD-3-Clause
// A worker that copies packets out while another thread drains them and a third changes the taps: nothing is lost that is
// not counted, whichever set was in force.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <thread>

#include "dataplane/base/timestamp.h"
#include "dataplane/pipeline/run_live.h"
#include "tests/pipeline/tap_run.h"

namespace wirewatch::testing {
namespace {

constexpr uint64_t kLeastPolls = 3'000, kLeastSets = 10;
constexpr size_t kAtOnce = 16;

/// Numbered questions, every frame says which it is, until there were enough sets of taps.
class NumberedFrames {
 public:
  static constexpr bool kParses = false;

  explicit NumberedFrames(const std::atomic<uint64_t>& sets) : sets_(sets) {
    for (size_t i = 0; i < kAtOnce; ++i) {
      const uint16_t from = static_cast<uint16_t>(1000 + i), to = i % 4 == 0 ? 53 : 54;
      frames_[i] = eth().ipv4("10.0.0.1", "10.0.0.2").udp(from, to).payload("query 12345678").bytes();
    }
  }
  Poll poll(Burst& burst) {
    if (number_ >= kLeastPolls * kAtOnce && sets_.load() > kLeastSets) return Poll::End;
    packets_.clear();
    for (Bytes& bytes : frames_) {
      std::memcpy(bytes.data() + bytes.size() - 8, &number_, 8);
      packets_.push_back(packet_over(bytes, 1, Timestamp{kSecond_ns + static_cast<int64_t>(number_)}, 0));
      ++number_;
    }
    burst.packets = packets_;
    burst.count = packets_.size();
    return Poll::Packets;
  }
  void recycle(Burst& burst) noexcept { burst.count = 0; }
  Timestamp now() const noexcept { return Timestamp{kSecond_ns + static_cast<int64_t>(number_)}; }
  TimestampProperties timestamps() const noexcept { return {}; }
  size_t read_losses(std::span<LossCounter>) const noexcept { return 0; }
  uint64_t sent() const noexcept { return number_; }

 private:
  const std::atomic<uint64_t>& sets_;
  std::array<Bytes, kAtOnce> frames_;
  std::vector<Packet> packets_;
  uint64_t number_ = 0;
};

/// Both ends over one mapping, so that ThreadSanitizer sees that they are of the same memory.
TEST(PacketRingThreads, NoByteIsReadAndWrittenAtOnce) {
  constexpr size_t kRing = 16 << 10;
  constexpr int64_t kPackets = 30'000;
  PacketRingHeader header{};
  const auto words = std::make_unique<uint64_t[]>(kRing / 8);
  auto* const data = reinterpret_cast<uint8_t*>(words.get());
  PacketRingWriter writer(header, data, kRing);
  PacketRingReader reader(header, data, kRing);
  std::array<uint64_t, kMostTaps> ids{};
  ids[0] = 1;
  writer.begin_set(1, ids);
  std::atomic<bool> writing{true};
  std::thread worker([&] {
    for (int64_t i = 0; i < kPackets; ++i) {
      TappedPacket head;
      head.taps = 1;
      head.time_ns = i;
      const std::vector<uint8_t> bytes(static_cast<size_t>(i * 31 % 900), static_cast<uint8_t>(i));
      writer.write(head, bytes);
      if (i % 8 == 0) writer.publish();
      if (i % 64 == 0) std::this_thread::yield();
    }
    writer.publish();
    writing.store(false);
  });
  uint64_t drained = 0;
  int64_t last = -1;
  const auto drain = [&] {
    for (const DrainedPacket* packet = reader.peek(); packet != nullptr; packet = reader.peek()) {
      const int64_t number = packet->head.time_ns;
      ASSERT_GT(number, last);
      ASSERT_EQ(packet->bytes.size(), static_cast<size_t>(number * 31 % 900));
      for (const uint8_t byte : packet->bytes) ASSERT_EQ(byte, static_cast<uint8_t>(number));
      last = number;
      ++drained;
      reader.pop();
    }
  };
  while (writing.load()) drain();
  worker.join();
  drain();
  EXPECT_EQ(header.counts[0].matched_packets, static_cast<uint64_t>(kPackets));
  EXPECT_EQ(drained + header.counts[0].dropped_packets, static_cast<uint64_t>(kPackets));
  EXPECT_EQ(reader.resynchronised(), 0u);
}

TEST(TapThreads, EveryPacketThatMatchesIsDrainedOrCounted) {
  TapRun run(64 << 10);
  const auto order = [&](uint64_t set) {
    std::vector<TapSpec> specs{{.slot = 0, .id = 1}};
    if (set % 2 == 0) specs.push_back({.slot = 5, .id = set, .filter = "udp.port == 53"});
    return std::make_unique<TapOrder>(TapOrder{*TapSet::compile(specs, set, run.names()), &run.packets.ring(0)});
  };
  run.tap({{.slot = 0, .id = 1}}, 1);
  const std::atomic<bool> never{false};
  std::atomic<bool> running{true};
  std::atomic<uint64_t> sets{1};
  NumberedFrames source(sets);
  std::thread worker([&] {
    NoHooks hooks;
    run_live(source, run.worker, hooks, never);
    running.store(false);
  });
  uint64_t drained = 0, last_set = 0;
  int64_t last_number = -1;
  std::map<uint64_t, uint64_t> of_second;  // by the id its tap had
  std::thread control([&] {
    PacketRingReader& ring = run.tapped.ring(0);
    const auto drain = [&] {
      while (const DrainedPacket* packet = ring.peek()) {
        int64_t number = 0;
        ASSERT_GE(packet->bytes.size(), 8u);
        std::memcpy(&number, packet->bytes.data() + packet->bytes.size() - 8, 8);
        ASSERT_EQ(packet->head.time_ns, kSecond_ns + number) << "head and bytes of two packets";
        ASSERT_GT(number, last_number);
        ASSERT_GE(packet->head.set, last_set);
        ASSERT_TRUE(packet->head.taps == 1 || (packet->head.taps == 33 && packet->head.set % 2 == 0));
        last_number = number;
        last_set = packet->head.set;
        ++drained;
        if (packet->head.taps == 33) ++of_second[packet->head.set];
        const TapCounts unread{.matched_packets = drained};
        ASSERT_GE(run.tapped.counts(0, 0).value_or(unread).matched_packets, drained) << "seen before it was counted";
        ring.pop();
      }
    };
    while (running.load()) {
      drain();
      std::this_thread::yield();
    }
    drain();
  });
  while (running.load()) {
    run.worker.taps().collect();
    if (run.worker.taps().settled()) run.worker.taps().offer(order(sets.fetch_add(1) + 1));
    std::this_thread::yield();
  }
  worker.join();
  control.join();
  const TapCounts all = run.counts(0);
  EXPECT_EQ(all.matched_packets, source.sent());
  EXPECT_EQ(all.matched_packets, drained + all.dropped_packets);
  EXPECT_EQ(run.tapped.ring(0).resynchronised(), 0u);
  const TapCounts last = run.counts(5);
  EXPECT_LE(last.matched_packets - last.dropped_packets, of_second[last.tap_id]);
}

}  // namespace
}  // namespace wirewatch::testing
