// SPDX-License-Identifier: BSD-3-Clause
// Puts IP fragments together the way tshark does by default: the frame that completes a datagram shows its transport,
// the frames before it end with IP. All memory is there from the start; the oldest unfinished datagram makes room.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch::filter {

/// Added to offsets inside a datagram that was put together, which are none of the frame.
inline constexpr uint32_t kNotInTheFrame = 0x8000'0000;

class Defragmenter {
 public:
  enum class Outcome : uint8_t { Whole, Incomplete, Complete };  // no fragment; one of several; the last that was missing

  Defragmenter();

  /// Of every frame in order. Fragments that were cut off by the snapshot length are left as they are.
  Outcome observe(const Packet& packet, const Layers& layers) noexcept;

  /// Which layer of the frame is the fragmented IP header; after Incomplete and Complete.
  uint8_t depth() const noexcept { return depth_; }
  /// The datagram, an IP packet of its own; after Complete, until the next call.
  const Packet& datagram() const noexcept { return datagram_; }
  const Layers& layers() const noexcept { return layers_; }

 private:
  static constexpr size_t kSlots = 64;
  static constexpr size_t kMostPayload = 65536;
  static constexpr size_t kHeadroom = 40;  // for the header of the datagram
  static constexpr size_t kSlotBytes = kHeadroom + kMostPayload;

  struct Fragment {
    std::array<uint8_t, 38> key{};  // family, protocol, identification, both addresses
    std::span<const uint8_t> header;
    std::span<const uint8_t> payload;
    size_t offset = 0;
    bool more = false;
    bool v6 = false;
    uint8_t protocol = 0;
  };
  struct Slot {
    std::array<uint8_t, 38> key{};
    std::bitset<kMostPayload / 8> received;  // units of eight bytes
    size_t units = 0;
    size_t length = 0;  // of the whole payload; 0 until the last fragment came
    uint64_t used = 0;  // when; 0 is free
  };

  static std::optional<Fragment> fragment_at(const Packet& packet, Protocol protocol, size_t offset) noexcept;
  Outcome add(const Packet& packet, const Fragment& fragment) noexcept;
  void finish(const Packet& packet, const Fragment& fragment, size_t slot) noexcept;
  uint8_t* bytes_of(size_t slot) noexcept { return bytes_[slot].get(); }

  std::array<std::unique_ptr<uint8_t[]>, kSlots> bytes_;  // one by one, so that nothing runs on from one datagram into the next unseen
  std::vector<Slot> slots_;
  uint64_t now_ = 0;
  uint8_t depth_ = 0;
  Packet datagram_;
  Layers layers_;
};

}  // namespace wirewatch::filter
