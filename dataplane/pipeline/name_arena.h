// SPDX-License-Identifier: BSD-3-Clause
// Names that were read inside flows, kept for as long as anyone may print them. Bounded; grows between bursts only. What is
// given back is used again by names of about the same length.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace wirewatch {

class NameArena {
 public:
  static constexpr uint32_t kNone = 0;
  static constexpr size_t kLongest = 510;

  explicit NameArena(size_t most_bytes) : most_chunks_(most_bytes / kChunk + 1) {}

  /// Keeps a copy and returns its place, or kNone when it is empty, too long or there is no room (counted).
  uint32_t keep(std::string_view name) noexcept {
    if (name.empty() || name.size() > kLongest) return kNone;
    const size_t size = size_with_length(name.size());
    uint32_t& free = free_[size / kStep - 1];
    if (free != kNone) {
      const uint32_t place = free;
      char* const at = start(place);
      std::memcpy(&free, at, sizeof free);
      write(at, name);
      return place;
    }
    if (begun_ == 0 || used_ + size > kChunk) {
      if (begun_ == chunks_.size()) {
        ++refused_;
        return kNone;
      }
      ++begun_;
      used_ = 0;
    }
    const auto place = static_cast<uint32_t>((begun_ - 1) * kChunk + used_ + 1);
    write(start(place), name);
    used_ += size;
    return place;
  }

  /// The name at a place is not needed any more.
  void give_back(uint32_t place) noexcept {
    if (place == kNone) return;
    uint32_t& free = free_[size_with_length(at(place).size()) / kStep - 1];
    std::memcpy(start(place), &free, sizeof free);
    free = place;
  }

  /// The name at a place; valid as long as the arena.
  std::string_view at(uint32_t place) const noexcept {
    if (place == kNone) return {};
    const char* const name = start(place);
    uint16_t length;
    std::memcpy(&length, name, sizeof length);
    return {name + sizeof length, length};
  }

  size_t memory_bytes() const noexcept { return chunks_.size() * kChunk; }

  /// Between bursts: a chunk in hand for when the current one is full (it holds more names than a burst can bring).
  void make_room() {
    if (begun_ < chunks_.size() || chunks_.size() >= most_chunks_) return;
    if (begun_ > 0 && used_ + kBurstNames < kChunk) return;
    add_chunk();
  }
  /// All the memory there may ever be.
  void make_all_room() {
    while (chunks_.size() < most_chunks_) add_chunk();
  }
  uint64_t refused() const noexcept { return refused_; }

 private:
  static constexpr size_t kChunk = size_t{1} << 16;
  static constexpr size_t kStep = 16;
  static constexpr size_t size_with_length(size_t length) noexcept {
    return (length + sizeof(uint16_t) + kStep - 1) / kStep * kStep;
  }
  static constexpr size_t kSizes = 32;
  static_assert(kLongest + sizeof(uint16_t) == kSizes * kStep);
  static constexpr size_t kBurstNames = size_t{64} * 512;

  void add_chunk() { chunks_.push_back(std::make_unique<char[]>(kChunk)); }
  char* start(uint32_t place) const noexcept { return chunks_[(place - 1) / kChunk].get() + (place - 1) % kChunk; }
  static void write(char* at, std::string_view name) noexcept {
    const auto length = static_cast<uint16_t>(name.size());
    std::memcpy(at, &length, sizeof length);
    std::memcpy(at + sizeof length, name.data(), name.size());
  }

  size_t most_chunks_;
  size_t used_ = 0;  // of the last chunk that was begun
  uint64_t refused_ = 0;
  std::array<uint32_t, kSizes> free_{};  // by size: the first free place, which names the next
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t begun_ = 0;  // chunks that hold names, or did; the others wait
};

}  // namespace wirewatch
