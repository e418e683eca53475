// SPDX-License-Identifier: BSD-3-Clause
// One writer publishes a block of plain words, readers of another thread or process take it whole or try again; the
// writer never waits. Every word is an atomic, so that neither the language nor ThreadSanitizer sees a race. A release
// on every word in place of a fence: free on x86, and a fence is what ThreadSanitizer does not understand.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace wirewatch {

/// Copies into memory that others read meanwhile. `to` is aligned to 8 bytes, `bytes` is a multiple of 8.
inline void store_words(void* to, const void* from, size_t bytes) noexcept {
  auto* words = static_cast<uint64_t*>(to);
  const auto* source = static_cast<const unsigned char*>(from);
  for (size_t i = 0; i < bytes / 8; ++i) {
    uint64_t word;
    std::memcpy(&word, source + i * 8, 8);
    std::atomic_ref<uint64_t>(words[i]).store(word, std::memory_order_release);
  }
}

/// Copies out of memory that another may be writing to. `from` is aligned to 8 bytes, `bytes` is a multiple of 8.
inline void load_words(void* to, const void* from, size_t bytes) noexcept {
  // An atomic_ref to const is C++26; nothing is written through this pointer.
  auto* words = const_cast<uint64_t*>(static_cast<const uint64_t*>(from));
  auto* target = static_cast<unsigned char*>(to);
  for (size_t i = 0; i < bytes / 8; ++i) {
    const uint64_t word = std::atomic_ref<uint64_t>(words[i]).load(std::memory_order_acquire);
    std::memcpy(target + i * 8, &word, 8);
  }
}

template <typename T>
concept SharedWords = std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0;

template <SharedWords T>
void store_shared(T& to, const T& from) noexcept {
  store_words(&to, &from, sizeof(T));
}
template <SharedWords T>
T load_shared(const T& from) noexcept {
  T value;
  load_words(&value, &from, sizeof(T));
  return value;
}

/// Zero is a good start. Lives beside what it guards.
class Seqlock {
 public:
  /// The writer, around its store_words.
  void begin_write() noexcept { sequence_.store(sequence_.load(std::memory_order_relaxed) | 1, std::memory_order_relaxed); }
  void end_write() noexcept { sequence_.store((sequence_.load(std::memory_order_relaxed) | 1) + 1, std::memory_order_release); }

  /// A reader: runs `copy`, which loads the words, until nothing was written meanwhile. False when the writer was in the
  /// way `tries` times; what was copied is then to be thrown away.
  template <typename Copy>
  bool read(unsigned tries, Copy copy) const {
    for (unsigned i = 0; i < tries; ++i) {
      const uint64_t before = sequence_.load(std::memory_order_acquire);
      if ((before & 1) != 0) continue;
      copy();
      if (sequence_.load(std::memory_order_relaxed) == before) return true;
    }
    return false;
  }

 private:
  std::atomic<uint64_t> sequence_{0};
};
static_assert(sizeof(Seqlock) == 8 && std::atomic<uint64_t>::is_always_lock_free);

}  // namespace wirewatch
