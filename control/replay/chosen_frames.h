// SPDX-License-Identifier: BSD-3-Clause
// Which frames of a capture a report is about, by number: what a filter chose in a pass of its own, so that filters that
// look at flows and streams choose for reports exactly what they choose for packet lists.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dataplane/source/file_chain.h"
#include "dataplane/source/source.h"

namespace wirewatch {

/// A bit a frame.
class ChosenFrames {
 public:
  void add(uint64_t frame_number) {
    const size_t word = frame_number / 64;
    if (word >= words_.size()) words_.resize(std::max(word + 1, words_.size() * 2));
    words_[word] |= uint64_t{1} << frame_number % 64;
    ++count_;
  }
  bool has(uint64_t frame_number) const noexcept {
    const size_t word = frame_number / 64;
    return word < words_.size() && (words_[word] >> frame_number % 64 & 1) != 0;
  }
  uint64_t count() const noexcept { return count_; }

 private:
  std::vector<uint64_t> words_;
  uint64_t count_ = 0;
};

/// The chosen frames of some captures, for one worker.
class ChosenSource {
 public:
  static constexpr bool kParses = false;

  ChosenSource(FileChain& chain, const ChosenFrames& chosen) : chain_(chain), chosen_(chosen) {}

  Poll poll(Burst& burst) {
    if (chain_.read(batch_, kBurstSize) == 0) return Poll::End;
    std::erase_if(batch_.packets, [&](const Packet& packet) { return !chosen_.has(packet.number); });
    burst.packets = batch_.packets;
    burst.count = batch_.packets.size();
    return burst.count == 0 ? Poll::Idle : Poll::Packets;
  }
  void recycle(Burst& burst) noexcept { burst.count = 0; }

 private:
  FileChain& chain_;
  const ChosenFrames& chosen_;
  PacketBatch batch_;
};

}  // namespace wirewatch
