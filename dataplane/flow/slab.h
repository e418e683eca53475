// SPDX-License-Identifier: BSD-3-Clause
// Equal-sized records in chunks, named by a slot number: nothing moves when it grows, and it grows only when told to,
// between bursts, so that the packet path never allocates.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "dataplane/base/large_memory.h"

namespace wirewatch {

template <typename T, unsigned ChunkBits = 12>
class Slab {
  static_assert(std::is_trivially_copyable_v<T>, "records are taken without being constructed");

 public:
  static constexpr size_t kChunk = size_t{1} << ChunkBits;

  explicit Slab(size_t most) : most_(most) {}

  T& operator[](uint32_t slot) noexcept { return chunks_[slot >> ChunkBits][slot & (kChunk - 1)]; }
  const T& operator[](uint32_t slot) const noexcept { return chunks_[slot >> ChunkBits][slot & (kChunk - 1)]; }

  /// Makes room for `count` more records, as far as the bound allows. Allocates; never called for a packet.
  void make_room(size_t count) {
    if (room() >= count || capacity() >= most_) [[likely]] return;
    while (room() < count && capacity() < most_) {
      chunks_.emplace_back(LargeAllocator<T>().allocate(kChunk));
    }
    auto longer = std::make_unique_for_overwrite<uint32_t[]>(capacity());
    std::copy_n(free_.get(), free_count_, longer.get());
    free_ = std::move(longer);
  }
  /// Room for all there may ever be, touched, so that no page fault is left for later.
  void make_all_room() {
    const size_t before = chunks_.size();
    make_room(most_ - in_use());
    for (size_t i = before; i < chunks_.size(); ++i) std::memset(static_cast<void*>(chunks_[i].get()), 0, kChunk * sizeof(T));
  }
  /// Records that can be taken without growing.
  size_t room() const noexcept { return free_count_ + (usable() - used_once_); }
  size_t in_use() const noexcept { return used_once_ - free_count_; }
  /// Slots below this have been handed out at least once.
  uint32_t end() const noexcept { return static_cast<uint32_t>(used_once_); }

  /// A record in no defined state, to be assigned as a whole. Only while room() > 0.
  uint32_t take() noexcept {
    if (free_count_ > 0) return free_[--free_count_];
    return static_cast<uint32_t>(used_once_++);
  }
  void give_back(uint32_t slot) noexcept { free_[free_count_++] = slot; }

  size_t memory_bytes() const noexcept { return capacity() * sizeof(T) + capacity() * sizeof(uint32_t); }
  size_t capacity() const noexcept { return chunks_.size() << ChunkBits; }

 private:
  size_t usable() const noexcept { return capacity() < most_ ? capacity() : most_; }

  size_t most_;
  size_t used_once_ = 0;
  struct Free {
    void operator()(T* chunk) const noexcept { LargeAllocator<T>().deallocate(chunk, kChunk); }
  };
  std::vector<std::unique_ptr<T[], Free>> chunks_;
  std::unique_ptr<uint32_t[]> free_;  // room for every slot there is
  size_t free_count_ = 0;
};

/// More of the records of a slab, under the same slot numbers: it keeps no account of its own of what is in use.
template <typename T, unsigned ChunkBits = 12>
class Column {
  static_assert(std::is_trivially_copyable_v<T>, "records are taken without being constructed");

 public:
  static constexpr size_t kChunk = size_t{1} << ChunkBits;

  T& operator[](uint32_t slot) noexcept { return chunks_[slot >> ChunkBits][slot & (kChunk - 1)]; }
  const T& operator[](uint32_t slot) const noexcept { return chunks_[slot >> ChunkBits][slot & (kChunk - 1)]; }

  /// Memory for slots below `end`. Allocates; never called for a packet.
  void cover(size_t end, bool touch = false) {
    while (chunks_.size() * kChunk < end) {
      chunks_.emplace_back(LargeAllocator<T>().allocate(kChunk));
      if (touch) std::memset(static_cast<void*>(chunks_.back().get()), 0, kChunk * sizeof(T));
    }
  }
  size_t memory_bytes() const noexcept { return chunks_.size() * kChunk * sizeof(T); }

 private:
  struct Free {
    void operator()(T* chunk) const noexcept { LargeAllocator<T>().deallocate(chunk, kChunk); }
  };
  std::vector<std::unique_ptr<T[], Free>> chunks_;
};

}  // namespace wirewatch
