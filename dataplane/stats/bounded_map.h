// SPDX-License-Identifier: BSD-3-Clause
// A hash map from plain keys to counts that grows only when told to, between bursts, and only up to its bound. What no
// longer fits is counted, never lost silently.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/base/large_memory.h"
#include "dataplane/packet/flow_key.h"

namespace wirewatch {

/// Hashes the bytes of a key without padding.
template <typename Key>
uint64_t hash_bytes(const Key& key) noexcept {
  static_assert(std::has_unique_object_representations_v<Key>, "padding would be hashed");
  const auto* bytes = reinterpret_cast<const uint8_t*>(&key);
  uint64_t state = 0x9e3779b97f4a7c15u ^ sizeof(Key);
  size_t at = 0;
  for (; at + 8 <= sizeof(Key); at += 8) {
    state = detail::mix(state ^ detail::load<uint64_t>(bytes + at), 0xd6e8feb86659fd93u);
  }
  if constexpr (sizeof(Key) % 8 != 0) {
    uint64_t rest = 0;
    std::memcpy(&rest, bytes + at, sizeof(Key) % 8);
    state = detail::mix(state ^ rest, 0xa0761d6478bd642fu);
  }
  return state;
}

template <typename Key, typename Value>
class BoundedMap {
 public:
  explicit BoundedMap(size_t most) : most_(most) {}

  /// The value under `key`, made if it is new; nullptr when the map is full, which is counted.
  Value* at(const Key& key) noexcept {
    if (entries_.empty()) return refuse();
    const uint32_t tag = tag_of(hash_bytes(key));
    for (size_t i = tag & mask();; i = (i + 1) & mask()) {
      Entry& entry = entries_[i];
      if (entry.tag == tag && entry.key == key) return &entry.value;
      if (entry.tag != 0) continue;
      if (size_ >= room()) return refuse();
      entry = Entry{tag, key, Value{}};
      ++size_;
      return &entry.value;
    }
  }

  /// As at(), but a new value is only made while the map is less than half full: for what is plentiful and worth little.
  Value* at_if_spare(const Key& key) noexcept {
    if (size_ * 2 < room()) return at(key);
    if (auto* known = const_cast<Value*>(find(key))) return known;
    return refuse();
  }

  void prefetch(const Key& key) const noexcept {
    if (!entries_.empty()) __builtin_prefetch(&entries_[tag_of(hash_bytes(key)) & mask()]);
  }

  /// The value under `key`, or nullptr.
  const Value* find(const Key& key) const noexcept {
    if (entries_.empty()) return nullptr;
    const uint32_t tag = tag_of(hash_bytes(key));
    for (size_t i = tag & mask(); entries_[i].tag != 0; i = (i + 1) & mask()) {
      if (entries_[i].tag == tag && entries_[i].key == key) return &entries_[i].value;
    }
    return nullptr;
  }

  /// Between bursts: room for `count` more keys, as far as the bound allows. Allocates.
  void make_room(size_t count) {
    if (size_ + count <= room()) [[likely]] return;
    grow(count);
  }

  size_t size() const noexcept { return size_; }
  size_t most() const noexcept { return most_; }
  uint64_t refused() const noexcept { return refused_; }
  size_t memory_bytes() const noexcept { return entries_.size() * sizeof(Entry); }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_) {
      if (entry.tag != 0) visit(entry.key, entry.value);
    }
  }

  /// A part of for_each: what lies in `count` places from `first` on, of places() there are.
  template <typename Visit>
  void for_places(size_t first, size_t count, Visit visit) const {
    for (size_t i = first; i < std::min(first + count, entries_.size()); ++i) {
      if (entries_[i].tag != 0) visit(entries_[i].key, entries_[i].value);
    }
  }
  size_t places() const noexcept { return entries_.size(); }

  /// Forgets what lies in `count` places from `first` on and for which `worth_little(value)` holds; returns how many.
  template <typename Predicate>
  size_t erase_places(size_t first, size_t count, Predicate worth_little) noexcept {
    size_t erased = 0;
    for (size_t i = first; i < std::min(first + count, entries_.size());) {
      if (entries_[i].tag != 0 && worth_little(entries_[i].value)) {
        erase(i);  // what moves up into this place is looked at next
        ++erased;
      } else {
        ++i;
      }
    }
    return erased;
  }

  /// For a copy of another map: what that one had to turn away.
  void add_refused(uint64_t count) noexcept { refused_ += count; }

 private:
  struct Entry {
    uint32_t tag = 0;  // hash with the highest bit set; 0 is an empty entry
    Key key{};
    Value value{};
  };

  void grow(size_t count) {
    size_t wanted = entries_.empty() ? 256 : entries_.size();
    while (wanted * 3 / 4 < size_ + count && wanted * 3 / 4 < most_) wanted *= 2;
    if (wanted == entries_.size()) return;
    std::vector<Entry, LargeAllocator<Entry>> old(wanted);
    old.swap(entries_);
    for (Entry& entry : old) {
      if (entry.tag == 0) continue;
      size_t i = entry.tag & mask();
      while (entries_[i].tag != 0) i = (i + 1) & mask();
      entries_[i] = entry;
    }
  }

  /// Closes the gap, so that no probe sequence is cut: entries behind it move up unless they are at home.
  void erase(size_t at) noexcept {
    size_t gap = at;
    for (size_t next = (gap + 1) & mask(); entries_[next].tag != 0; next = (next + 1) & mask()) {
      const size_t home = entries_[next].tag & mask();
      if (((next - home) & mask()) < ((next - gap) & mask())) continue;
      entries_[gap] = entries_[next];
      gap = next;
    }
    entries_[gap].tag = 0;
    --size_;
  }

  static uint32_t tag_of(uint64_t hash) noexcept { return static_cast<uint32_t>(hash ^ hash >> 32) | 0x80000000u; }
  size_t mask() const noexcept { return entries_.size() - 1; }
  size_t room() const noexcept { return std::min(entries_.size() * 3 / 4, most_); }
  Value* refuse() noexcept {
    ++refused_;
    return nullptr;
  }

  size_t most_;
  size_t size_ = 0;
  uint64_t refused_ = 0;
  std::vector<Entry, LargeAllocator<Entry>> entries_;
};

}  // namespace wirewatch
