// SPDX-License-Identifier: BSD-3-Clause
// Records from one thread to one other, of another process perhaps: fixed size, bounded, and full means a counted drop,
// never a wait. Neither side trusts the index it reads from the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/stats/seqlock.h"

namespace wirewatch {

/// The ring's part of the shared memory; zero is an empty ring. The records follow elsewhere.
struct RingHeader {
  alignas(64) std::atomic<uint64_t> written{0};  // by the producer
  std::atomic<uint64_t> dropped{0};              // by the producer
  alignas(64) std::atomic<uint64_t> taken{0};    // by the consumer
};
static_assert(sizeof(RingHeader) == 128);

/// `capacity` is a power of two in both.
template <SharedWords Record>
class RingProducer {
 public:
  RingProducer(RingHeader& header, Record* records, size_t capacity) noexcept
      : header_(header), records_(records), capacity_(capacity) {}

  /// False and counted when the consumer has not made room.
  bool push(const Record& record) noexcept {
    if (room() == 0) {
      header_.dropped.store(++dropped_, std::memory_order_relaxed);
      return false;
    }
    store_shared(records_[written_ & (capacity_ - 1)], record);
    header_.written.store(++written_, std::memory_order_release);
    return true;
  }
  /// Counts a record that is not even tried.
  void leave_out() noexcept { header_.dropped.store(++dropped_, std::memory_order_relaxed); }
  /// Records that fit now. An impossible index of the consumer's counts as a full ring.
  size_t room() noexcept {
    if (written_ - taken_ >= capacity_ / 2) taken_ = header_.taken.load(std::memory_order_acquire);
    const uint64_t used = written_ - taken_;
    if (used <= capacity_) return static_cast<size_t>(capacity_ - used);
    taken_ = written_ - capacity_;
    return 0;
  }
  uint64_t dropped() const noexcept { return dropped_; }

 private:
  RingHeader& header_;
  Record* records_;
  uint64_t capacity_;
  uint64_t written_ = 0;  // the truth; the header's is for the consumer to see
  uint64_t taken_ = 0;    // as last read
  uint64_t dropped_ = 0;
};

template <SharedWords Record>
class RingConsumer {
 public:
  RingConsumer(RingHeader& header, const Record* records, size_t capacity) noexcept
      : header_(header), records_(records), capacity_(capacity), taken_(header.taken.load(std::memory_order_relaxed)) {}

  /// False when there is nothing. A consumer that comes back goes on where the last one stopped.
  bool pop(Record& record) noexcept {
    const uint64_t written = header_.written.load(std::memory_order_acquire);
    if (written == taken_) return false;
    if (written - taken_ > capacity_) {  // the index is not one a producer can have written: begin again there
      taken_ = written;
      header_.taken.store(taken_, std::memory_order_release);
      ++resynchronised_;
      return false;
    }
    record = load_shared(records_[taken_ & (capacity_ - 1)]);
    header_.taken.store(++taken_, std::memory_order_release);
    return true;
  }
  uint64_t dropped() const noexcept { return header_.dropped.load(std::memory_order_relaxed); }
  uint64_t resynchronised() const noexcept { return resynchronised_; }

 private:
  RingHeader& header_;
  const Record* records_;
  uint64_t capacity_;
  uint64_t taken_;
  uint64_t resynchronised_ = 0;
};

}  // namespace wirewatch
