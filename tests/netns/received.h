// SPDX-License-Identifier: BSD-3-Clause
// What a live source handed over, copied out of its ring to be compared at leisure.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/source/interface_info.h"
#include "dataplane/source/source.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {

struct ReceivedFrame {
  Bytes bytes;
  uint32_t original_length = 0;
  Timestamp time;
  uint64_t number = 0;
  uint16_t link_type = 0;
};

/// Polls until that many frames have come, or nothing has come for half a second; returns how many came. Frames sent together
/// may come in several bursts: a ring's block is closed by the clock, too.
template <LiveSource Source, typename Handle>
size_t each_burst(Source& source, size_t wanted, Handle&& handle) {
  constexpr int kMostWaits = 25;
  constexpr std::chrono::milliseconds kWait{20};
  size_t came = 0;
  const auto burst = std::make_unique<Burst>();
  for (int waits = 0; came < wanted && waits < kMostWaits;) {
    if (source.poll(*burst) != Poll::Packets) {
      source.wait(kWait);
      ++waits;
      continue;
    }
    waits = 0;
    handle(burst->packets.first(burst->count));
    came += burst->count;
    source.recycle(*burst);
  }
  return came;
}

/// What each_burst() brings, copied.
template <LiveSource Source>
std::vector<ReceivedFrame> receive(Source& source, size_t wanted) {
  std::vector<ReceivedFrame> frames;
  each_burst(source, wanted, [&](std::span<const Packet> packets) {
    for (const Packet& packet : packets) {
      frames.push_back({Bytes(packet.data, packet.data + packet.captured_length), packet.original_length, packet.time,
                        packet.number, packet.link_type});
    }
  });
  return frames;
}

/// Whether the link comes into that state: the kernel makes it known a moment later.
template <LiveSource Source>
bool link_becomes(Source& source, LinkState state) {
  constexpr int kMostWaits = 100;
  for (int waits = 0; source.link() != state; ++waits) {
    if (waits == kMostWaits) return false;
    source.wait(std::chrono::milliseconds(10));
  }
  return true;
}

/// By its name; fails the test and is 0 when there is none.
template <LiveSource Source>
uint64_t loss(Source& source, std::string_view name) {
  std::array<LossCounter, kMostLossCounters> losses;
  const size_t count = source.read_losses(losses);
  for (const LossCounter& one : std::span(losses).first(count)) {
    if (one.name == name) return one.value;
  }
  ADD_FAILURE() << "no loss counter " << name;
  return 0;
}

template <LiveSource Source>
uint64_t all_losses(Source& source) {
  std::array<LossCounter, kMostLossCounters> losses;
  const size_t count = source.read_losses(losses);
  uint64_t sum = 0;
  for (const LossCounter& one : std::span(losses).first(count)) sum += one.value;
  return sum;
}

template <LiveSource Source>
uint64_t remark(Source& source, std::string_view name) {
  std::array<LossCounter, kMostLossCounters> remarks;
  const size_t count = source.read_remarks(remarks);
  for (const LossCounter& one : std::span(remarks).first(count)) {
    if (one.name == name) return one.value;
  }
  ADD_FAILURE() << "no remark " << name;
  return 0;
}

}  // namespace wirewatch::testing
