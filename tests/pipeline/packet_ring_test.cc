// SPDX-License-Identifier: BSD-3-Clause
// The ring that tapped packets travel in: nothing is lost without being counted, and what a stranger wrote is not believed.
#include "dataplane/pipeline/packet_ring.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "dataplane/pipeline/packet_region.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

constexpr size_t kRing = 4096;

/// A region of one worker, and a reader of it as control would have one.
struct Rings {
  explicit Rings(size_t bytes = kRing) : region(*PacketRegion::create(1, bytes, 42)), reader(*PacketRegionReader::map(region.fd())) {
    std::array<uint64_t, kMostTaps> ids{};
    ids[0] = 100;
    ids[3] = 103;
    writer().begin_set(7, ids);
  }
  PacketRingWriter& writer() { return region.ring(0); }
  PacketRingReader& ring() { return reader.ring(0); }
  void write(const Bytes& bytes, uint64_t taps = 1, int64_t time_ns = 5) {
    TappedPacket head;
    head.original_length = static_cast<uint32_t>(bytes.size()) + 10;
    head.time_ns = time_ns;
    head.taps = taps;
    writer().write(head, bytes);
  }

  PacketRegion region;
  PacketRegionReader reader;
};

Bytes some_bytes(size_t length, uint8_t first) {
  Bytes bytes(length);
  for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(first + i * 7);
  return bytes;
}

TEST(PacketRing, HandsOverWhatWasWritten) {
  Rings rings;
  TappedPacket head;
  head.original_length = 1500;
  head.link_type = 101;
  head.port = 3;
  head.time_ns = 123;
  head.taps = 0b1001;
  head.application = 17;
  head.evidence = static_cast<uint8_t>(Evidence::Confirmed);
  head.flags = TappedPacket::kBlocked | TappedPacket::kHasHandshake;
  head.flow_packets = 9;
  head.flow_bytes = 900;
  head.syn_ack_rtt_ns = 5000;
  head.outcome_code = 1;
  const Bytes bytes = some_bytes(61, 1);
  rings.writer().write(head, bytes);
  EXPECT_EQ(rings.ring().peek(), nullptr) << "nothing is shown before it is published";
  rings.writer().publish();
  const DrainedPacket* packet = rings.ring().peek();
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet, rings.ring().peek()) << "the same one until it is taken";
  EXPECT_EQ(Bytes(packet->bytes.begin(), packet->bytes.end()), bytes);
  EXPECT_EQ(packet->head.captured_length, 61u);
  EXPECT_EQ(packet->head.original_length, 1500u);
  EXPECT_EQ(packet->head.link_type, 101);
  EXPECT_EQ(packet->head.port, 3);
  EXPECT_EQ(packet->head.time(), Timestamp{123});
  EXPECT_EQ(packet->head.taps, 0b1001u);
  EXPECT_EQ(packet->head.set, 7u);
  EXPECT_EQ(packet->head.application, 17);
  EXPECT_TRUE(packet->head.has(TappedPacket::kBlocked));
  EXPECT_FALSE(packet->head.has(TappedPacket::kAmbiguous));
  EXPECT_EQ(packet->head.flow_bytes, 900u);
  EXPECT_EQ(packet->head.syn_ack_rtt_ns, 5000);
  EXPECT_EQ(packet->head.outcome(), HandshakeOutcome::Established);
  rings.ring().pop();
  EXPECT_EQ(rings.ring().peek(), nullptr);
  EXPECT_EQ(rings.ring().waiting_bytes(), 0u);
  EXPECT_EQ(rings.reader.counts(0, 3), (TapCounts{103, 1, 1500, 0}));
  EXPECT_EQ(rings.reader.counts(0, 1), TapCounts{});
  EXPECT_EQ(rings.reader.counts(0, kMostTaps), std::nullopt);
}

TEST(PacketRing, CarriesPacketsOfEveryLengthAroundItsEnd) {
  Rings rings(3 * kRing);
  std::mt19937 random(1);
  uint64_t bytes_seen = 0;
  for (unsigned round = 0; round < 20'000; ++round) {
    std::vector<Bytes> sent;
    for (unsigned i = 0; i < random() % 5; ++i) {
      sent.push_back(some_bytes(random() % 1600, static_cast<uint8_t>(random())));
      rings.write(sent.back());
      bytes_seen += sent.back().size() + 10;
    }
    rings.writer().publish();
    for (const Bytes& bytes : sent) {
      const DrainedPacket* packet = rings.ring().peek();
      ASSERT_NE(packet, nullptr) << "round " << round;
      ASSERT_EQ(Bytes(packet->bytes.begin(), packet->bytes.end()), bytes) << "round " << round;
      rings.ring().pop();
    }
    ASSERT_EQ(rings.ring().peek(), nullptr);
  }
  EXPECT_EQ(rings.reader.counts(0, 0)->matched_bytes, bytes_seen);
  EXPECT_EQ(rings.reader.dropped_packets(0), 0u);
  EXPECT_EQ(rings.ring().resynchronised(), 0u);
}

TEST(PacketRing, CountsWhatFindsItFullForEveryTapThatWantedIt) {
  Rings rings;
  std::mt19937 random(2);
  std::array<uint64_t, kMostTaps> drained{};
  uint64_t written = 0;
  for (unsigned round = 0; round < 3'000; ++round) {
    const uint64_t taps = std::array<uint64_t, 3>{1, 8, 9}[random() % 3];
    rings.write(some_bytes(random() % 900, 0), taps);
    ++written;
    if (round % 16 == 15) rings.writer().publish();
    if (round % 64 != 63) continue;
    while (const DrainedPacket* packet = rings.ring().peek()) {
      for (uint64_t slot = 0; slot < kMostTaps; ++slot) drained[slot] += packet->head.taps >> slot & 1;
      rings.ring().pop();
    }
  }
  rings.writer().publish();
  while (const DrainedPacket* packet = rings.ring().peek()) {
    for (uint64_t slot = 0; slot < kMostTaps; ++slot) drained[slot] += packet->head.taps >> slot & 1;
    rings.ring().pop();
  }
  for (const uint8_t slot : {uint8_t{0}, uint8_t{3}}) {
    const auto counts = rings.reader.counts(0, slot);
    ASSERT_TRUE(counts);
    EXPECT_GT(counts->dropped_packets, 0u) << "the ring was to be too small";
    EXPECT_GT(drained[slot], 0u);
    EXPECT_EQ(counts->matched_packets, drained[slot] + counts->dropped_packets);
  }
  EXPECT_GT(rings.reader.dropped_packets(0), 0u);
  EXPECT_LT(rings.reader.dropped_packets(0), written);
}

TEST(PacketRing, DropsAPacketThatIsLongerThanTheRing) {
  Rings rings;
  rings.write(some_bytes(kRing, 0));
  rings.write(some_bytes(100, 1));
  rings.writer().publish();
  ASSERT_NE(rings.ring().peek(), nullptr);
  EXPECT_EQ(rings.ring().peek()->head.captured_length, 100u);
  EXPECT_EQ(rings.reader.counts(0, 0), (TapCounts{100, 2, kRing + 10 + 110, 1}));
}

TEST(PacketRing, BeginsToCountAgainForAnotherTapOnly) {
  Rings rings;
  rings.write(some_bytes(10, 0), 0b1001);
  rings.writer().publish();
  std::array<uint64_t, kMostTaps> ids{};
  ids[0] = 100;
  ids[1] = 201;
  rings.writer().begin_set(8, ids);
  EXPECT_EQ(rings.reader.adopted_set(0), 8u);
  EXPECT_EQ(rings.reader.counts(0, 0), (TapCounts{100, 1, 20, 0})) << "goes on";
  EXPECT_EQ(rings.reader.counts(0, 1), (TapCounts{201, 0, 0, 0}));
  EXPECT_EQ(rings.reader.counts(0, 3), (TapCounts{103, 1, 20, 0})) << "what has ended can still be asked about";
  ids[3] = 303;
  rings.writer().begin_set(9, ids);
  EXPECT_EQ(rings.reader.counts(0, 3), (TapCounts{303, 0, 0, 0}));
}

TEST(PacketRing, GoesOnWhereTheReaderBeforeStopped) {
  Rings rings;
  for (int64_t i = 0; i < 4; ++i) rings.write(some_bytes(50, 0), 1, i);
  rings.writer().publish();
  rings.ring().pop();  // of nothing held: nothing
  ASSERT_NE(rings.ring().peek(), nullptr);
  rings.ring().pop();
  auto next = PacketRegionReader::map(rings.region.fd());
  ASSERT_TRUE(next);
  ASSERT_NE(next->ring(0).peek(), nullptr);
  EXPECT_EQ(next->ring(0).peek()->head.time_ns, 1);
  next->ring(0).skip_all();
  EXPECT_EQ(next->ring(0).peek(), nullptr);
}

/// What somebody else may have done to the memory between two calls of the reader.
TEST(PacketRing, DoesNotBelieveAnImpossibleRecord) {
  struct Row {
    std::string_view description;
    std::function<void(PacketRingHeader&, TappedPacket&)> damage;
  };
  const std::vector<Row> rows{
      {"no length", [](auto&, auto& first) { first.record_bytes = 0; }},
      {"a length that is not a multiple of 8", [](auto&, auto& first) { first.record_bytes += 4; }},
      {"a record longer than its packet", [](auto&, auto& first) { first.record_bytes += 8; }},
      {"a record beyond what is written",
       [](auto&, auto& first) { first.captured_length = 3000, first.original_length = 3000, first.record_bytes = 88 + 3000; }},
      {"a packet longer than any", [](auto&, auto& first) { first.captured_length = kMostSnapLength + 1; }},
      {"a length that wraps when it is padded", [](auto&, auto& first) { first.captured_length = 0xfffffffe, first.record_bytes = 88; }},
      {"more captured than there was", [](auto&, auto& first) { first.original_length = 3; }},
      {"for no tap", [](auto&, auto& first) { first.taps = 0; }},
      {"for a tap that cannot be", [](auto&, auto& first) { first.taps |= uint64_t{1} << kMostTaps; }},
      {"evidence that is none", [](auto&, auto& first) { first.evidence = 200; }},
      {"an outcome that is none", [](auto&, auto& first) { first.outcome_code = 9; }},
      {"a filler in the middle", [](auto&, auto& first) { first.captured_length = 0xffffffff; }},
      {"more written than fits", [](auto& header, auto&) { header.written.fetch_add(2 * kRing); }},
      {"written backwards", [](auto& header, auto&) { header.written.store(uint64_t(0) - 64); }},
      {"written to the middle of a word", [](auto& header, auto&) { header.written.fetch_add(3); }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    Rings rings;
    rings.write(some_bytes(60, 0));
    rings.write(some_bytes(60, 1));
    rings.writer().publish();
    auto memory = SharedMemory::map(rings.region.fd());
    ASSERT_TRUE(memory);
    auto& header = *reinterpret_cast<PacketRingHeader*>(memory->data() + 4096);
    row.damage(header, *reinterpret_cast<TappedPacket*>(memory->data() + memory->size() - kRing));
    EXPECT_EQ(rings.ring().peek(), nullptr);
    EXPECT_EQ(rings.ring().resynchronised(), 1u);
    EXPECT_EQ(rings.ring().peek(), nullptr);
    EXPECT_EQ(rings.ring().resynchronised(), 1u) << "it went on at what is written";
  }
}

TEST(PacketRing, StandsAFillerThatIsFollowedByAnother) {
  Rings rings;
  auto memory = SharedMemory::map(rings.region.fd());
  ASSERT_TRUE(memory);
  auto& header = *reinterpret_cast<PacketRingHeader*>(memory->data() + 4096);
  const uint32_t filler[2] = {kRing, 0xffffffff};  // the whole ring, for ever
  std::memcpy(memory->data() + memory->size() - kRing, filler, sizeof filler);
  header.written.store(kRing);
  EXPECT_EQ(rings.ring().peek(), nullptr);
  header.written.store(3 * kRing);
  EXPECT_EQ(rings.ring().peek(), nullptr);
  EXPECT_GE(rings.ring().resynchronised(), 1u);
}

/// And the worker does not believe the reader: whatever the index says, at most packets are lost, and counted.
TEST(PacketRing, WritesOnlyWithinItselfWhateverTheReaderSaysItTook) {
  for (const uint64_t lie : {uint64_t{1}, uint64_t{kRing} * 9, ~uint64_t{0}, uint64_t{3}}) {
    Rings rings;
    auto memory = SharedMemory::map(rings.region.fd());
    auto& header = *reinterpret_cast<PacketRingHeader*>(memory->data() + 4096);
    for (unsigned i = 0; i < 1'000; ++i) {
      header.taken.store(lie + (i % 3 == 0 ? i * 7 : 0));
      rings.write(some_bytes(i % 700, 0));
      rings.writer().publish();
    }
    EXPECT_EQ(rings.reader.counts(0, 0)->matched_packets, 1'000u);
    EXPECT_LE(rings.reader.dropped_packets(0), 1'000u);
  }
}

TEST(PacketRegion, RefusesMemoryThatIsNoneOfItsOwn) {
  struct Row {
    std::string_view description;
    std::function<void(PacketRegionHeader&)> damage;
    std::string_view says;
  };
  const std::vector<Row> rows{
      {"another kind", [](auto& header) { ++header.magic; }, "none of captured packets"},
      {"another version", [](auto& header) { ++header.version; }, "has layout 2, expected 1"},
      {"no workers", [](auto& header) { header.workers = 0; }, "impossible sizes"},
      {"too many workers", [](auto& header) { header.workers = 100'000; }, "impossible sizes"},
      {"a ring of half a page", [](auto& header) { header.ring_bytes = 2048; }, "impossible sizes"},
      {"a ring that is not there", [](auto& header) { header.ring_bytes *= 2; }, "not laid out"},
      {"another worker that is not there", [](auto& header) { header.workers = 2; }, "not laid out"},
      {"workers elsewhere", [](auto& header) { header.workers_offset += 64; }, "not laid out"},
      {"other taps", [](auto& header) { header.most_taps = 64; }, "not laid out"},
  };
  for (const Row& row : rows) {
    auto region = PacketRegion::create(1, kRing, 1);
    ASSERT_TRUE(region);
    auto memory = SharedMemory::map(region->fd());
    row.damage(*reinterpret_cast<PacketRegionHeader*>(memory->data()));
    const auto reader = PacketRegionReader::map(region->fd());
    ASSERT_FALSE(reader) << row.description;
    EXPECT_NE(reader.error().message.find(row.says), std::string::npos) << row.description << ": " << reader.error().message;
  }
  const int small = memfd_create("small", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(ftruncate(small, 100), 0);
  EXPECT_FALSE(PacketRegionReader::map(small)) << "not sealed, and too small";
  close(small);
}

TEST(PacketRegion, RefusesSizesThatItCannotHave) {
  EXPECT_FALSE(PacketRegion::create(0, kRing, 1));
  EXPECT_FALSE(PacketRegion::create(1, 0, 1));
  EXPECT_FALSE(PacketRegion::create(1, kRing + 8, 1));
  EXPECT_FALSE(PacketRegion::create(1, size_t{5} << 30, 1));
  const auto region = PacketRegion::create(3, 2 * kRing, 99);
  ASSERT_TRUE(region);
  const auto reader = PacketRegionReader::map(region->fd());
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->workers(), 3u);
  EXPECT_EQ(reader->generation(), 99u);
}

}  // namespace
}  // namespace wirewatch::testing
