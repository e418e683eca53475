// SPDX-License-Identifier: BSD-3-Clause
// A counter that runs evenly (TSC, the ticks of a NIC), read as UTC: a straight line, renewed a few times a second by the
// main thread and copied once a burst by whoever stamps packets.
#pragma once

#include <atomic>
#include <cstdint>

namespace wirewatch {

/// ns = ns_anchor + (raw - raw_anchor) * ns_per_tick.
struct ClockMap {
  static constexpr int kFraction = 40;  // bits; 1e-12 of a ns per tick, so that days do not add up to a nanosecond
  uint64_t raw_anchor = 0;
  int64_t ns_anchor = 0;
  int64_t ns_per_tick = int64_t{1} << kFraction;  // fixed point

  int64_t to_ns(uint64_t raw) const noexcept {
    __extension__ typedef __int128 Wide;
    const auto ticks = static_cast<int64_t>(raw - raw_anchor);  // wraps: a stamp may be older than the anchor
    return ns_anchor + static_cast<int64_t>((static_cast<Wide>(ticks) * ns_per_tick) >> kFraction);
  }
  static int64_t fixed(double ns_per_tick) noexcept {
    return static_cast<int64_t>(ns_per_tick * static_cast<double>(int64_t{1} << kFraction) + 0.5);
  }
};

/// One writer, any readers, nobody waits: a seqlock of three words. Every word is released and acquired on its own, which
/// is free on x86 and, unlike a fence, understood by ThreadSanitizer.
class SharedClockMap {
 public:
  void store(const ClockMap& map) noexcept {
    const uint32_t before = sequence_.load(std::memory_order_relaxed);
    sequence_.store(before + 1, std::memory_order_relaxed);
    raw_anchor_.store(map.raw_anchor, std::memory_order_release);
    ns_anchor_.store(map.ns_anchor, std::memory_order_release);
    ns_per_tick_.store(map.ns_per_tick, std::memory_order_release);
    sequence_.store(before + 2, std::memory_order_release);
  }
  ClockMap load() const noexcept {
    for (;;) {
      const uint32_t before = sequence_.load(std::memory_order_acquire);
      const ClockMap map{raw_anchor_.load(std::memory_order_acquire), ns_anchor_.load(std::memory_order_acquire),
                         ns_per_tick_.load(std::memory_order_acquire)};
      if ((before & 1) == 0 && sequence_.load(std::memory_order_relaxed) == before) return map;
    }
  }

 private:
  std::atomic<uint32_t> sequence_{0};
  std::atomic<uint64_t> raw_anchor_{0};
  std::atomic<int64_t> ns_anchor_{0};
  std::atomic<int64_t> ns_per_tick_{int64_t{1} << ClockMap::kFraction};
};

}  // namespace wirewatch
