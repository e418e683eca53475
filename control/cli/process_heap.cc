// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/process_heap.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace wirewatch {
namespace {

constexpr int kReserved = 64 << 20;   // address space: memory is taken as it is touched, 2 MiB at a time
constexpr int kFurther = 2 << 20;     // at a time, beyond that
constexpr int kLargestInHeap = 32 << 20;  // the most that malloc allows; tables ask for huge pages of their own
constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

uintptr_t heap_end() noexcept { return reinterpret_cast<uintptr_t>(::sbrk(0)); }

}  // namespace

void keep_heap_in_huge_pages() noexcept {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, kLargestInHeap);
  ::mallopt(M_TRIM_THRESHOLD, INT32_MAX);
  ::mallopt(M_TOP_PAD, kReserved);
  const uintptr_t before = heap_end();
  void* volatile more_than_there_is = std::malloc(1 << 20);  // makes the heap grow, by kReserved beyond this
  std::free(more_than_there_is);
  ::mallopt(M_TOP_PAD, kFurther);
  const uintptr_t begin = (before + kHugePage - 1) / kHugePage * kHugePage, end = heap_end() / kHugePage * kHugePage;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace wirewatch
