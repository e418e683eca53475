// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/packet_memory.h"

#include <cstring>
#include <new>

namespace wirewatch {
namespace {

constexpr size_t padded(size_t bytes) noexcept { return (bytes + 7) & ~size_t{7}; }

}  // namespace

PacketMemory::PacketMemory(size_t bytes, int64_t longest_ns)
    : capacity_(bytes & ~size_t{7}), longest_ns_(longest_ns), data_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

const PacketMemory::Kept& PacketMemory::oldest() noexcept {
  return *std::launder(reinterpret_cast<const Kept*>(data_.get() + first_));
}

void PacketMemory::clear() noexcept {
  first_ = next_ = wrapped_at_ = used_ = 0;
  packets_ = 0;
}

void PacketMemory::drop_oldest() noexcept {
  const size_t bytes = sizeof(Kept) + padded(oldest().head.captured_length);
  used_ -= bytes;
  --packets_;
  first_ += bytes;
  if (packets_ == 0) {
    clear();
  } else if (first_ == wrapped_at_) {
    first_ = wrapped_at_ = 0;
  }
}

void PacketMemory::age(Timestamp now) noexcept {
  while (packets_ > 0 && now.since(Timestamp{oldest().arrived_ns}) > longest_ns_) {
    drop_oldest();
    ++forgotten_;
  }
}

void PacketMemory::push(const TappedPacket& head, std::span<const uint8_t> bytes, Timestamp arrived) noexcept {
  age(arrived);
  const size_t wanted = sizeof(Kept) + padded(bytes.size());
  if (wanted > capacity_) {
    ++forgotten_;
    return;
  }
  // The oldest give way until there is room in one piece, behind the newest or at the beginning.
  for (;;) {
    const bool wrapped = wrapped_at_ != 0;
    if (!wrapped && capacity_ - next_ >= wanted) break;
    if (!wrapped && first_ >= wanted) {
      wrapped_at_ = next_;
      next_ = 0;
      break;
    }
    if (wrapped && first_ - next_ >= wanted) break;
    drop_oldest();
    ++forgotten_;
  }
  Kept* const kept = new (data_.get() + next_) Kept{head, arrived.ns};
  kept->head.captured_length = static_cast<uint32_t>(bytes.size());
  if (!bytes.empty()) std::memcpy(kept + 1, bytes.data(), bytes.size());
  next_ += wanted;
  used_ += wanted;
  ++packets_;
}

}  // namespace wirewatch
