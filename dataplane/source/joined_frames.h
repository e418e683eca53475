// SPDX-License-Identifier: BSD-3-Clause
// Frames that the kernel hands over in several pieces, such as jumbo frames, made one: the pipeline reads a packet as one
// run of bytes. Only these are copied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "dataplane/source/source.h"

namespace wirewatch {

class JoinedFrames {
 public:
  /// With room for a burst of frames as long as any interface has them: 4 MiB, of which only what is used is resident.
  explicit JoinedFrames(bool wanted) {
    if (wanted) memory_ = std::make_unique_for_overwrite<uint8_t[]>(kBurstSize * kLongest);
  }

  /// Begins the frame that will be packet number `index` of the burst, with room for a tag before it.
  void begin(size_t index) noexcept {
    frame_ = memory_.get() + index * kLongest + kRoomBefore;
    length_ = 0;
    copied_ = 0;
  }
  void add(std::span<const uint8_t> piece) noexcept {
    const size_t count = std::min(piece.size(), kLongest - kRoomBefore - copied_);
    std::memcpy(frame_ + copied_, piece.data(), count);
    copied_ += count;
    length_ += piece.size();
  }

  uint8_t* frame() const noexcept { return frame_; }
  uint32_t copied() const noexcept { return static_cast<uint32_t>(copied_); }
  uint32_t length() const noexcept { return static_cast<uint32_t>(length_); }

 private:
  static constexpr size_t kLongest = 65536 + 1024;
  static constexpr size_t kRoomBefore = 16;

  std::unique_ptr<uint8_t[]> memory_;
  uint8_t* frame_ = nullptr;
  size_t copied_ = 0;
  size_t length_ = 0;
};

}  // namespace wirewatch
