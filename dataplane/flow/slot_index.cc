// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/slot_index.h"

namespace wirewatch {
namespace {
constexpr size_t kFirstBuckets = 64;
}

SlotIndex::SlotIndex() : buckets_(kFirstBuckets), mask_(kFirstBuckets - 1) {}

void SlotIndex::insert(uint64_t hash, uint32_t slot) noexcept {
  for (size_t at = bucket_of(hash);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    for (size_t i = 0; i < kEntries; ++i) {
      if (bucket.tags[i] != 0) continue;
      bucket.tags[i] = tag_of(hash);
      bucket.slots[i] = slot;
      ++size_;
      return;
    }
    ++bucket.spilled;
  }
}

void SlotIndex::erase(uint64_t hash, uint32_t slot) noexcept {
  const uint32_t tag = tag_of(hash);
  for (size_t at = bucket_of(hash);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    for (size_t i = 0; i < kEntries; ++i) {
      if (bucket.tags[i] != tag || bucket.slots[i] != slot) continue;
      bucket.tags[i] = 0;
      --size_;
      return;
    }
    --bucket.spilled;
  }
}

}  // namespace wirewatch
