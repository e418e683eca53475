// SPDX-License-Identifier: BSD-3-Clause
// A count that one thread adds to and others read.
#pragma once

#include <atomic>
#include <cstdint>

namespace wirewatch {

class SharedCount {
 public:
  void add(uint64_t more) noexcept { value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed); }
  uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace wirewatch
