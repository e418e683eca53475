// SPDX-License-Identifier: BSD-3-Clause
// Asks memory for what is needed some packets later.
#pragma once

namespace wirewatch {

/// One cache line. gcc holds a function that does nothing but this for one without any effect and drops its calls (seen
/// with 12.2); the empty assembly tells it otherwise.
[[gnu::always_inline]] inline void prefetch(const void* address) noexcept {
  __builtin_prefetch(address);
  asm volatile("");
}

/// The same for what is going to be written, where the processor makes a difference.
[[gnu::always_inline]] inline void prefetch_to_write(const void* address) noexcept {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

}  // namespace wirewatch
