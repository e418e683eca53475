// SPDX-License-Identifier: BSD-3-Clause
// Plain records one behind the other. Room for more costs nothing until they come: memory is not touched before a record
// is written there, so a generous guess of how many there will be is cheap.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "dataplane/base/large_memory.h"

namespace wirewatch {

template <typename T>
class PlainRows {
  static_assert(std::is_trivially_copyable_v<T>, "records are moved as bytes");

 public:
  PlainRows() noexcept = default;
  PlainRows(const PlainRows& other) {
    reserve(other.capacity_);
    copy(other);
  }
  PlainRows(PlainRows&& other) noexcept
      : rows_(std::move(other.rows_)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
  PlainRows& operator=(PlainRows other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  T& operator[](size_t i) noexcept { return rows_[i]; }
  const T& operator[](size_t i) const noexcept { return rows_[i]; }
  size_t size() const noexcept { return size_; }
  size_t capacity() const noexcept { return capacity_; }

  /// Only while size() < capacity().
  T& add(const T& row) noexcept { return rows_[size_++] = row; }
  /// Takes the place of `i` with the last one.
  void erase(size_t i) noexcept { rows_[i] = rows_[--size_]; }

  /// Room for so many in all. Allocates; what there is moves.
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    PlainRows more;
    more.rows_.reset(LargeAllocator<T>().allocate(capacity));
    more.capacity_ = capacity;
    more.copy(*this);
    *this = std::move(more);
  }
  /// So that no page fault is left for later.
  void touch() noexcept { std::memset(static_cast<void*>(rows_.get() + size_), 0, (capacity_ - size_) * sizeof(T)); }

 private:
  void copy(const PlainRows& other) noexcept {
    if (other.size_ > 0) std::memcpy(static_cast<void*>(rows_.get()), other.rows_.get(), other.size_ * sizeof(T));
    size_ = other.size_;
  }

  struct Free {
    void operator()(T* rows) const noexcept { LargeAllocator<T>().deallocate(rows, 0); }
  };
  std::unique_ptr<T[], Free> rows_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace wirewatch
