// SPDX-License-Identifier: BSD-3-Clause
// From a 64-bit hash to the slot of a record: buckets of one cache line, seven entries each, so that a lookup that
// hits or misses reads one line. Overfull buckets spill into the next and count it, so removal needs no tombstones.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "dataplane/base/large_memory.h"
#include "dataplane/base/prefetch.h"

namespace wirewatch {

class SlotIndex {
 public:
  SlotIndex();

  void prefetch(uint64_t hash) const noexcept { wirewatch::prefetch(&buckets_[bucket_of(hash)]); }

  /// The first slot whose tag agrees and for which `same(slot)` holds, or `none`.
  template <typename Same>
  uint32_t find(uint64_t hash, uint32_t none, Same same) const noexcept {
    const uint32_t tag = tag_of(hash);
    for (size_t at = bucket_of(hash);; at = (at + 1) & mask_) {
      const Bucket& bucket = buckets_[at];
      for (uint32_t agree = bucket.agreeing(tag); agree != 0; agree &= agree - 1) {
        const uint32_t slot = bucket.slots[static_cast<size_t>(std::countr_zero(agree))];
        if (same(slot)) return slot;
      }
      if (bucket.spilled == 0) return none;
    }
  }
  /// The first slot whose tag agrees, or `none`: nearly always the right one.
  uint32_t first(uint64_t hash, uint32_t none) const noexcept {
    return find(hash, none, [](uint32_t) { return true; });
  }
  /// Only while size() < room().
  void insert(uint64_t hash, uint32_t slot) noexcept;
  /// `slot` must be in the index under `hash`.
  void erase(uint64_t hash, uint32_t slot) noexcept;

  size_t size() const noexcept { return size_; }
  /// Entries up to which lookups stay short; grow() before more are put in.
  size_t room() const noexcept { return buckets_.size() * kEntries * 3 / 4; }
  size_t memory_bytes() const noexcept { return buckets_.size() * sizeof(Bucket); }

  /// Doubles until `entries` fit. Allocates; never called for a packet. `hash_of(slot)` gives back the hash.
  template <typename HashOf>
  void grow(size_t entries, HashOf hash_of) {
    size_t count = buckets_.size();
    while (count * kEntries * 3 / 4 < entries) count *= 2;
    if (count == buckets_.size()) return;
    std::vector<Bucket, LargeAllocator<Bucket>> old(count);
    old.swap(buckets_);
    mask_ = count - 1;
    size_ = 0;
    for (const Bucket& bucket : old) {
      for (size_t i = 0; i < kEntries; ++i) {
        if (bucket.tags[i] != 0) insert(hash_of(bucket.slots[i]), bucket.slots[i]);
      }
    }
  }

 private:
  static constexpr size_t kEntries = 7;
  struct alignas(64) Bucket {
    std::array<uint32_t, kEntries> tags{};  // 0 is an empty entry
    uint32_t spilled = 0;                   // entries whose home is here or before and that went further
    std::array<uint32_t, kEntries> slots{};

    /// A bit an entry. All are compared: where in a bucket a flow stands cannot be predicted, so looking one by one
    /// costs a mispredicted branch nearly every time.
    uint32_t agreeing(uint32_t tag) const noexcept {
#if defined(__SSE2__)
      const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
      const auto four_from = [&](size_t first) {
        const __m128i four = _mm_load_si128(reinterpret_cast<const __m128i*>(this) + first / 4);
        return static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(four, wanted))));
      };
      return (four_from(0) | four_from(4) << 4) & ((1u << kEntries) - 1);  // `spilled` is no entry
#else
      uint32_t bits = 0;
      for (size_t i = 0; i < kEntries; ++i) bits |= static_cast<uint32_t>(tags[i] == tag) << i;
      return bits;
#endif
    }
  };
  static_assert(sizeof(Bucket) == 64);
  static_assert(offsetof(Bucket, spilled) == kEntries * sizeof(uint32_t), "agreeing() reads it as the eighth tag");

  static uint32_t tag_of(uint64_t hash) noexcept { return static_cast<uint32_t>(hash >> 32) | 1u; }
  size_t bucket_of(uint64_t hash) const noexcept { return static_cast<size_t>(hash >> 8) & mask_; }

  std::vector<Bucket, LargeAllocator<Bucket>> buckets_;
  size_t mask_;
  size_t size_ = 0;
};

}  // namespace wirewatch
