// SPDX-License-Identifier: BSD-3-Clause
// The processor's own counter: 10 ns to read, the same on all cores.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace wirewatch {

inline uint64_t read_ticks() noexcept {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
#error "no even counter is known for this processor"
#endif
}

}  // namespace wirewatch
