// SPDX-License-Identifier: BSD-3-Clause
// The packets of the last seconds, for a trigger that may fire: bounded in bytes and in time. The oldest give way and are
// counted as forgotten. Written by the capture thread alone; nothing is allocated after it was made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/base/timestamp.h"
#include "dataplane/pipeline/packet_ring.h"

namespace wirewatch {

class PacketMemory {
 public:
  /// `bytes` include 96 a packet for what is known of it. Pages are only taken as they are used.
  PacketMemory(size_t bytes, int64_t longest_ns);

  void push(const TappedPacket& head, std::span<const uint8_t> bytes, Timestamp arrived) noexcept;
  /// Forgets what arrived too long ago.
  void age(Timestamp now) noexcept;

  /// Hands out all of them, oldest first, until `visit(head, bytes, arrived)` says false; empty afterwards. Returns how many were
  /// handed out; the rest counts as forgotten.
  template <typename Visit>
  uint64_t take_all(Visit visit) {
    uint64_t taken = 0;
    bool on = true;
    for (; packets_ > 0 && on; ++taken) {
      const Kept& kept = oldest();
      drop_oldest();  // its bytes stay where they are: nothing is pushed meanwhile
      on = visit(kept.head, std::span(reinterpret_cast<const uint8_t*>(&kept + 1), kept.head.captured_length), Timestamp{kept.arrived_ns});
    }
    forget_all();
    return taken;
  }

  void forget_all() noexcept {
    forgotten_ += packets_;
    clear();
  }

  uint64_t packets() const noexcept { return packets_; }
  uint64_t forgotten() const noexcept { return forgotten_; }
  size_t used() const noexcept { return used_; }

 private:
  struct Kept {
    TappedPacket head;
    int64_t arrived_ns;
  };
  static_assert(sizeof(Kept) == 96);

  const Kept& oldest() noexcept;
  void drop_oldest() noexcept;
  void clear() noexcept;

  size_t capacity_;
  int64_t longest_ns_;
  std::unique_ptr<std::byte[]> data_;
  size_t first_ = 0;      // where the oldest begins
  size_t next_ = 0;       // where the next one goes
  size_t wrapped_at_ = 0;  // end of the packets before the one at 0, while first_ > next_
  size_t used_ = 0;
  uint64_t packets_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace wirewatch
