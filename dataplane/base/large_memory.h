// SPDX-License-Identifier: BSD-3-Clause
// Memory for tables that are large and hit at random: from 2 MiB on it asks for huge pages, which spares most page
// faults while a table grows and most TLB misses while it is used.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

namespace wirewatch {

template <typename T>
class LargeAllocator {
 public:
  using value_type = T;

  LargeAllocator() noexcept = default;
  template <typename U>
  LargeAllocator(const LargeAllocator<U>&) noexcept {}

  T* allocate(size_t count) {
    if (count > std::numeric_limits<size_t>::max() / sizeof(T) - kHugePage) throw std::bad_array_new_length();
    const size_t bytes = count * sizeof(T);
    const bool large = bytes >= kHugePage;
    const size_t alignment = large ? kHugePage : kSmallAlignment;
    const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, rounded);
    if (memory == nullptr) throw std::bad_alloc();
    if (large) madvise(memory, rounded, MADV_HUGEPAGE);  // a wish: without huge pages it works all the same
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t) noexcept { std::free(memory); }

  friend bool operator==(LargeAllocator, LargeAllocator) noexcept { return true; }

 private:
  static constexpr size_t kHugePage = size_t{2} << 20;
  static constexpr size_t kSmallAlignment = 64;  // a cache line
};

/// Room for `count` in an empty list, in huge pages as far as it covers any.
template <typename T>
void reserve_large(std::vector<T>& list, size_t count) {
  constexpr uintptr_t kPage = 4096;
  list.reserve(count);
  const auto begin = (reinterpret_cast<uintptr_t>(list.data()) + kPage - 1) / kPage * kPage;
  const auto end = reinterpret_cast<uintptr_t>(list.data() + list.capacity()) / kPage * kPage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace wirewatch
