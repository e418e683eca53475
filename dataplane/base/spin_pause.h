// SPDX-License-Identifier: BSD-3-Clause
// For loops that wait for another core some microseconds.
#pragma once

namespace wirewatch {

/// A moment in which this core leaves the units it shares to the other thread on it. No system call.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace wirewatch
