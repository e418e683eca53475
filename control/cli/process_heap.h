// SPDX-License-Identifier: BSD-3-Clause
// How a process that reads captures and ends keeps its heap.
#pragma once

namespace wirewatch {

/// For a process that ends when its work is done: memory that was freed is kept for what comes next instead of being given back
/// and fetched again, all threads share one heap, and its first 64 MiB come in huge pages. On a virtual machine a page fault
/// costs several microseconds, and the tables of a large capture took thousands: measured, a quarter of the time of a report.
/// A wish: without huge pages, or without room, everything works all the same.
void keep_heap_in_huge_pages() noexcept;

}  // namespace wirewatch
