// SPDX-License-Identifier: BSD-3-Clause
// Records in the order in which they came, in pieces that never move: a list that grows to hundreds of megabytes is not
// copied on the way, and its large pieces come in huge pages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "dataplane/base/large_memory.h"

namespace wirewatch {

template <typename Record>
class RecordList {
  static_assert(std::is_trivially_copyable_v<Record>, "records are given back as memory");

 public:
  void push_back(const Record& record) {
    if (room_ == 0) add_piece();
    *next_++ = record;
    --room_;
    ++size_;
  }

  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const Record& operator[](size_t i) const noexcept {
    size_t piece = 0;
    for (; i >= pieces_[piece].capacity; ++piece) i -= pieces_[piece].capacity;
    return pieces_[piece].records[i];
  }

  /// All records, piece by piece.
  std::vector<std::span<const Record>> runs() const {
    std::vector<std::span<const Record>> all;
    for (const Piece& piece : pieces_) all.emplace_back(piece.records.get(), piece.capacity);
    if (!all.empty()) all.back() = all.back().first(all.back().size() - room_);
    return all;
  }

 private:
  static constexpr size_t kFirst = std::max<size_t>((size_t{16} << 10) / sizeof(Record), 1);
  static constexpr size_t kMost = std::max<size_t>((size_t{4} << 20) / sizeof(Record), 1);

  struct Free {
    void operator()(Record* records) const noexcept { LargeAllocator<Record>().deallocate(records, 0); }
  };
  struct Piece {
    std::unique_ptr<Record[], Free> records;
    size_t capacity;
  };

  void add_piece() {
    const size_t capacity = pieces_.empty() ? kFirst : std::min(pieces_.back().capacity * 2, kMost);
    pieces_.push_back({std::unique_ptr<Record[], Free>(LargeAllocator<Record>().allocate(capacity)), capacity});
    next_ = pieces_.back().records.get();
    room_ = capacity;
  }

  std::vector<Piece> pieces_;
  Record* next_ = nullptr;
  size_t room_ = 0;  // in the last piece
  size_t size_ = 0;
};

}  // namespace wirewatch
