// SPDX-License-Identifier: BSD-3-Clause
// Host names of flows, kept for as long as anyone may print them. Bounded; grows between bursts only.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace wirewatch {

class NameArena {
 public:
  static constexpr uint32_t kNone = 0;
  static constexpr size_t kLongest = 255;

  explicit NameArena(size_t most_bytes) : most_chunks_(most_bytes / kChunk + 1) {}

  /// Keeps a copy and returns its place, or kNone when it is empty, too long or there is no room (counted).
  uint32_t keep(std::string_view name) noexcept {
    if (name.empty() || name.size() > kLongest) return kNone;
    if (chunks_.empty() || used_ + name.size() + 1 > kChunk) {
      if (!spare_) {
        ++refused_;
        return kNone;
      }
      chunks_.push_back(std::move(spare_));  // the room for the pointer was reserved with the spare
      used_ = 0;
    }
    char* at = chunks_.back().get() + used_;
    *reinterpret_cast<uint8_t*>(at) = static_cast<uint8_t>(name.size());
    std::memcpy(at + 1, name.data(), name.size());
    const auto place = static_cast<uint32_t>((chunks_.size() - 1) * kChunk + used_ + 1);
    used_ += name.size() + 1;
    return place;
  }

  /// The name at a place; valid as long as the arena.
  std::string_view at(uint32_t place) const noexcept {
    if (place == kNone) return {};
    const char* start = chunks_[(place - 1) / kChunk].get() + (place - 1) % kChunk;
    return {start + 1, *reinterpret_cast<const uint8_t*>(start)};
  }

  /// Between bursts: a chunk in hand for when the current one is full (it holds more names than a burst can bring).
  void make_room() {
    if (spare_ || chunks_.size() >= most_chunks_) return;
    if (!chunks_.empty() && used_ + kBurstNames < kChunk) return;
    spare_ = std::make_unique<char[]>(kChunk);
    chunks_.reserve(chunks_.size() + 1);
  }
  uint64_t refused() const noexcept { return refused_; }

 private:
  static constexpr size_t kChunk = size_t{1} << 16;
  static constexpr size_t kBurstNames = size_t{64} * (kLongest + 1);

  size_t most_chunks_;
  size_t used_ = 0;
  uint64_t refused_ = 0;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::unique_ptr<char[]> spare_;
};

}  // namespace wirewatch
