// SPDX-License-Identifier: BSD-3-Clause
// The ring and the seqlock, alone and between two threads.
#include "dataplane/stats/spsc_ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace wirewatch {
namespace {

struct Record {
  uint64_t number = 0;
  uint64_t square = 0;
};

struct Ring {
  explicit Ring(size_t capacity) : records(capacity), producer(header, records.data(), capacity), consumer(header, records.data(), capacity) {}
  RingHeader header;
  std::vector<Record> records;
  RingProducer<Record> producer;
  RingConsumer<Record> consumer;
};

TEST(SpscRing, GivesBackInOrderWhatWentIn) {
  Ring ring(8);
  uint64_t in = 0, out = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < round % 9; ++i) ASSERT_EQ(ring.producer.push({++in, in * in}), true);
    Record record;
    while (ring.consumer.pop(record)) {
      ASSERT_EQ(record.number, ++out);
      ASSERT_EQ(record.square, out * out);
    }
  }
  EXPECT_EQ(out, in);
  EXPECT_EQ(ring.producer.dropped(), 0u);
}

TEST(SpscRing, CountsWhatItHasNoRoomFor) {
  Ring ring(4);
  for (uint64_t i = 0; i < 10; ++i) EXPECT_EQ(ring.producer.push({i, i}), i < 4);
  EXPECT_EQ(ring.producer.dropped(), 6u);
  EXPECT_EQ(ring.consumer.dropped(), 6u) << "the consumer sees it too";
  Record record;
  ASSERT_TRUE(ring.consumer.pop(record));
  EXPECT_EQ(record.number, 0u) << "what was in stays in";
  EXPECT_TRUE(ring.producer.push({10, 10}));
}

TEST(SpscRing, LetsANewConsumerGoOnWhereTheLastOneStopped) {
  Ring ring(8);
  for (uint64_t i = 0; i < 5; ++i) ring.producer.push({i, i});
  Record record;
  ring.consumer.pop(record);
  ring.consumer.pop(record);
  RingConsumer<Record> next(ring.header, ring.records.data(), 8);
  ASSERT_TRUE(next.pop(record));
  EXPECT_EQ(record.number, 2u);
}

TEST(SpscRing, StandsAnIndexThatCannotBe) {
  for (const uint64_t index : {uint64_t{9}, uint64_t{1} << 63, UINT64_MAX}) {
    Ring ring(8);
    ring.header.taken.store(index);
    for (uint64_t i = 0; i < 20; ++i) ring.producer.push({i, i});
    EXPECT_LE(ring.producer.room(), 8u);
    ring.header.written.store(index);
    Record record;
    for (int i = 0; i < 20; ++i) ring.consumer.pop(record);
    EXPECT_GT(ring.consumer.resynchronised(), 0u) << index;
  }
}

TEST(SpscRing, LosesNothingBetweenTwoThreadsButWhatItCounts) {
  constexpr uint64_t kRecords = 200'000;
  Ring ring(64);
  std::atomic<bool> done{false};
  std::thread producer([&] {
    for (uint64_t i = 1; i <= kRecords; ++i) ring.producer.push({i, i * i});
    done.store(true, std::memory_order_release);
  });
  uint64_t taken = 0, last = 0;
  Record record;
  for (bool more = true; more;) {
    more = !done.load(std::memory_order_acquire);
    while (ring.consumer.pop(record)) {
      ASSERT_GT(record.number, last);
      ASSERT_EQ(record.square, record.number * record.number) << "half of one record and half of another";
      last = record.number;
      ++taken;
    }
  }
  producer.join();
  EXPECT_EQ(taken + ring.consumer.dropped(), kRecords);
}

struct Block {
  std::array<uint64_t, 64> words{};
};

TEST(Seqlock, ShowsReadersOnlyWholeBlocks) {
  Seqlock lock;
  const auto shared = std::make_unique<Block>();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    Block mine;
    for (uint64_t round = 1; !stop.load(std::memory_order_relaxed); ++round) {
      mine.words.fill(round);
      lock.begin_write();
      store_shared(*shared, mine);
      lock.end_write();
    }
  });
  size_t whole = 0;
  for (int i = 0; i < 20'000 || whole == 0; ++i) {
    Block copy;
    if (!lock.read(4, [&] { copy = load_shared(*shared); })) continue;
    ++whole;
    for (const uint64_t word : copy.words) ASSERT_EQ(word, copy.words.front());
  }
  stop.store(true);
  writer.join();
}

TEST(Seqlock, GivesUpOnAWriterThatDiedInTheMiddle) {
  Seqlock lock;
  lock.begin_write();
  EXPECT_FALSE(lock.read(100, [] {}));
  lock.begin_write();  // its successor
  lock.end_write();
  EXPECT_TRUE(lock.read(1, [] {}));
}

}  // namespace
}  // namespace wirewatch
