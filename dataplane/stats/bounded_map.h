// SPDX-License-Identifier: BSD-3-Clause
// A hash map from plain keys to counts that grows only when told to, between bursts, and only up to its bound. What no
// longer fits is counted, never lost silently.
//
// Rows lie one behind the other in the order in which they came, and a small index says where: a new row, which is what
// most ending flows make, is written to the end of the last one and misses the cache in the index alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "dataplane/base/large_memory.h"
#include "dataplane/base/plain_rows.h"
#include "dataplane/base/prefetch.h"
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
    if (index_.empty()) return refuse();
    const uint32_t tag = tag_of(hash_bytes(key));
    for (size_t i = tag & mask();; i = (i + 1) & mask()) {
      Place& place = index_[i];
      if (place.tag == tag && rows_[place.row].key == key) return &rows_[place.row].value;
      if (place.tag != 0) continue;
      if (size() >= room()) return refuse();
      place = {tag, static_cast<uint32_t>(size())};
      return &rows_.add({key, Value{}}).value;
    }
  }

  /// As at(), but a new value is only made while the map is less than half full: for what is plentiful and worth little.
  Value* at_if_spare(const Key& key) noexcept {
    if (size() * 2 < room()) return at(key);
    if (auto* known = const_cast<Value*>(find(key))) return known;
    return refuse();
  }

  /// Brings the place near where the index says whether there is a row under `key`, and where.
  void prefetch(const Key& key) const noexcept {
    if (!index_.empty()) wirewatch::prefetch(&index_[tag_of(hash_bytes(key)) & mask()]);
  }
  /// Some time after prefetch(): brings the row itself near, if there is one.
  void prefetch_row(const Key& key) const noexcept {
    if (index_.empty()) return;
    const uint32_t tag = tag_of(hash_bytes(key));
    for (size_t i = tag & mask(); index_[i].tag != 0; i = (i + 1) & mask()) {
      if (index_[i].tag != tag) continue;
      const auto* row = reinterpret_cast<const uint8_t*>(&rows_[index_[i].row]);
      prefetch_to_write(row);
      prefetch_to_write(row + sizeof(Row) - 1);  // most rows reach into a second line
      return;
    }
  }

  /// The value under `key`, or nullptr.
  const Value* find(const Key& key) const noexcept {
    if (index_.empty()) return nullptr;
    const uint32_t tag = tag_of(hash_bytes(key));
    for (size_t i = tag & mask(); index_[i].tag != 0; i = (i + 1) & mask()) {
      if (index_[i].tag == tag && rows_[index_[i].row].key == key) return &rows_[index_[i].row].value;
    }
    return nullptr;
  }

  /// Between bursts: room for `count` more keys, as far as the bound allows. Allocates.
  void make_room(size_t count) {
    if (size() + count <= room()) [[likely]] return;
    grow(count);
  }
  /// Room for as many as there may ever be, touched, so that no page fault is left for later.
  void make_all_room() {
    make_room(most_ - size());
    rows_.touch();
  }

  size_t size() const noexcept { return rows_.size(); }
  size_t most() const noexcept { return most_; }
  uint64_t refused() const noexcept { return refused_; }
  size_t memory_bytes() const noexcept { return index_.size() * sizeof(Place) + rows_.capacity() * sizeof(Row); }

  template <typename Visit>
  void for_each(Visit visit) const {
    for_places(0, size(), visit);
  }

  /// A part of for_each: what lies in `count` places from `first` on, of places() there are.
  template <typename Visit>
  void for_places(size_t first, size_t count, Visit visit) const {
    for (size_t i = first; i < std::min(first + count, size()); ++i) visit(rows_[i].key, rows_[i].value);
  }
  /// Stays the same until make_room() has to grow.
  size_t places() const noexcept { return room(); }

  /// Forgets what lies in `count` places from `first` on and for which `worth_little(value)` holds; returns how many.
  template <typename Predicate>
  size_t erase_places(size_t first, size_t count, Predicate worth_little) noexcept {
    size_t erased = 0;
    for (size_t i = first; i < std::min(first + count, size());) {
      if (worth_little(rows_[i].value)) {
        erase(i);  // what moves into this place is looked at next
        ++erased;
      } else {
        ++i;
      }
    }
    return erased;
  }

  /// Adds every row of `other`, beyond the bound as well. Allocates. Rows miss the cache in both maps, so they are fetched
  /// some rows ahead.
  void add_all(const BoundedMap& other) {
    constexpr size_t kAhead = 24, kRowsAhead = 8;
    most_ = std::max(most_, size() + other.size());
    make_room(other.size());
    const size_t count = other.size();
    for (size_t i = 0; i < std::min(kAhead, count); ++i) prefetch(other.rows_[i].key);
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) prefetch(other.rows_[i + kAhead].key);
      if (i + kRowsAhead < count) prefetch_row(other.rows_[i + kRowsAhead].key);
      *at(other.rows_[i].key) += other.rows_[i].value;
    }
  }

  /// For a copy of another map: what that one had to turn away.
  void add_refused(uint64_t count) noexcept { refused_ += count; }

 private:
  struct Place {
    uint32_t tag = 0;  // hash with the highest bit set; 0 is an empty place
    uint32_t row = 0;
  };
  struct Row {
    Key key;
    Value value;
  };

  void grow(size_t count) {
    size_t wanted = index_.empty() ? 256 : index_.size();
    while (wanted * 3 / 4 < size() + count && wanted * 3 / 4 < most_) wanted *= 2;
    if (wanted == index_.size()) return;
    std::vector<Place, LargeAllocator<Place>> old(wanted);
    old.swap(index_);
    for (const Place& place : old) {
      if (place.tag == 0) continue;
      size_t i = place.tag & mask();
      while (index_[i].tag != 0) i = (i + 1) & mask();
      index_[i] = place;
    }
    rows_.reserve(room());
  }

  size_t place_of(size_t row) const noexcept {
    size_t i = tag_of(hash_bytes(rows_[row].key)) & mask();
    while (index_[i].tag == 0 || index_[i].row != row) i = (i + 1) & mask();
    return i;
  }

  void erase(size_t row) noexcept {
    erase_place(place_of(row));
    const size_t last = size() - 1;
    if (row != last) index_[place_of(last)].row = static_cast<uint32_t>(row);
    rows_.erase(row);
  }

  /// Closes the gap, so that no probe sequence is cut: places behind it move up unless they are at home.
  void erase_place(size_t at) noexcept {
    size_t gap = at;
    for (size_t next = (gap + 1) & mask(); index_[next].tag != 0; next = (next + 1) & mask()) {
      const size_t home = index_[next].tag & mask();
      if (((next - home) & mask()) < ((next - gap) & mask())) continue;
      index_[gap] = index_[next];
      gap = next;
    }
    index_[gap] = {};
  }

  static uint32_t tag_of(uint64_t hash) noexcept { return static_cast<uint32_t>(hash ^ hash >> 32) | 0x80000000u; }
  size_t mask() const noexcept { return index_.size() - 1; }
  size_t room() const noexcept { return std::min(index_.size() * 3 / 4, most_); }
  Value* refuse() noexcept {
    ++refused_;
    return nullptr;
  }

  size_t most_;
  uint64_t refused_ = 0;
  std::vector<Place, LargeAllocator<Place>> index_;
  PlainRows<Row> rows_;
};

}  // namespace wirewatch
