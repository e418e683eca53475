// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/packet_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace wirewatch {
namespace {

/// Stands where the end of the ring is too short for the next record. Shorter than a packet's record: it has to fit into 8 bytes.
struct Filler {
  uint32_t record_bytes;
  uint32_t mark;
};
static_assert(sizeof(Filler) == 8);
constexpr uint32_t kFillerMark = 0xffffffff;  // no packet's captured_length

constexpr uint64_t kAllTaps = (uint64_t{1} << kMostTaps) - 1;
constexpr uint8_t kMostOutcome = static_cast<uint8_t>(HandshakeOutcome::HalfOpen) + 1;

constexpr size_t padded(size_t bytes) noexcept { return (bytes + 7) & ~size_t{7}; }

constexpr bool believable(const TappedPacket& packet, uint64_t available) noexcept {
  return packet.record_bytes <= available && packet.captured_length <= kMostSnapLength &&
         packet.record_bytes == sizeof(TappedPacket) + padded(packet.captured_length) &&
         packet.captured_length <= packet.original_length && packet.taps != 0 && (packet.taps & ~kAllTaps) == 0 &&
         packet.evidence <= static_cast<uint8_t>(Evidence::Payload) && packet.outcome_code <= kMostOutcome;
}

}  // namespace

void PacketRingWriter::begin_set(uint64_t number, const std::array<uint64_t, kMostTaps>& tap_ids) noexcept {
  for (size_t slot = 0; slot < kMostTaps; ++slot) {
    // A slot that is free now keeps its last counts, for whoever ends a session to read.
    if (tap_ids[slot] == kNoTap || tap_ids[slot] == counts_[slot].tap_id) continue;
    counts_[slot] = {.tap_id = tap_ids[slot]};
    changed_ |= uint64_t{1} << slot;
  }
  set_ = number;
  publish();
  header_.adopted_set.store(number, std::memory_order_release);
}

void PacketRingWriter::write(TappedPacket packet, std::span<const uint8_t> bytes) noexcept {
  packet.captured_length = static_cast<uint32_t>(std::min<size_t>(bytes.size(), kMostSnapLength));
  packet.original_length = std::max(packet.original_length, packet.captured_length);
  packet.record_bytes = static_cast<uint32_t>(sizeof(TappedPacket) + padded(packet.captured_length));
  packet.taps &= kAllTaps;
  packet.set = set_;
  uint8_t* const record = place(packet.record_bytes);
  for (uint64_t rest = packet.taps; rest != 0; rest &= rest - 1) {
    TapCounts& counts = counts_[static_cast<size_t>(std::countr_zero(rest))];
    ++counts.matched_packets;
    counts.matched_bytes += packet.original_length;
    counts.dropped_packets += record == nullptr ? 1 : 0;
  }
  changed_ |= packet.taps;
  if (record == nullptr) {
    ++dropped_;
    return;
  }
  std::memcpy(record, &packet, sizeof packet);
  if (packet.captured_length > 0) std::memcpy(record + sizeof packet, bytes.data(), packet.captured_length);
}

/// An impossible index of the reader's counts as a full ring.
bool PacketRingWriter::fits(size_t bytes) noexcept {
  if (written_ - taken_ + bytes <= capacity_) [[likely]] return true;
  const uint64_t taken = header_.taken.load(std::memory_order_acquire);
  if (written_ - taken > capacity_) return false;
  taken_ = taken;
  return written_ - taken_ + bytes <= capacity_;
}

/// Room for a record, in one piece; nullptr when there is none.
uint8_t* PacketRingWriter::place(size_t bytes) noexcept {
  const size_t tail = capacity_ - offset_;
  const bool wraps = tail < bytes;
  if (!fits(bytes + (wraps ? tail : 0))) return nullptr;
  if (wraps) {
    const Filler filler{static_cast<uint32_t>(tail), kFillerMark};
    std::memcpy(data_ + offset_, &filler, sizeof filler);
    written_ += tail;
    offset_ = 0;
  }
  uint8_t* const record = data_ + offset_;
  written_ += bytes;
  offset_ = offset_ + bytes == capacity_ ? 0 : offset_ + bytes;
  return record;
}

void PacketRingWriter::publish() noexcept {
  if (changed_ == 0) return;
  header_.counts_lock.begin_write();
  for (uint64_t rest = changed_; rest != 0; rest &= rest - 1) {
    const auto slot = static_cast<size_t>(std::countr_zero(rest));
    store_shared(header_.counts[slot], counts_[slot]);
  }
  header_.counts_lock.end_write();
  changed_ = 0;
  header_.dropped_packets.store(dropped_, std::memory_order_relaxed);
  if (shown_ == written_) return;
  header_.written.store(written_, std::memory_order_release);
  shown_ = written_;
}

PacketRingReader::PacketRingReader(PacketRingHeader& header, const uint8_t* data, size_t capacity)
    : header_(header),
      data_(data),
      capacity_(capacity),
      taken_(header.taken.load(std::memory_order_relaxed)),
      copy_(std::make_unique_for_overwrite<uint8_t[]>(kMostSnapLength)) {}

const DrainedPacket* PacketRingReader::peek() noexcept {
  if (holding_) return &packet_;
  // At most one filler, and then a packet: what two of them in a row would be is no writer's work.
  for (bool after_filler = false;; after_filler = true) {
    const uint64_t written = header_.written.load(std::memory_order_acquire);
    if (written == taken_) return nullptr;
    const uint64_t available = written - taken_;
    const Found found = available > capacity_ || taken_ % 8 != 0 || written % 8 != 0 ? Found::Nonsense : look(available);
    if (found == Found::Packet) {
      holding_ = true;
      return &packet_;
    }
    if (found == Found::Nonsense || after_filler) {
      resynchronise(written);
      return nullptr;
    }
    advance(capacity_ - taken_ % capacity_);
  }
}

/// What begins at `taken_`. A packet is copied before anything of it is judged, and its bytes are read once.
PacketRingReader::Found PacketRingReader::look(uint64_t available) noexcept {
  const uint64_t offset = taken_ % capacity_;
  const uint64_t tail = capacity_ - offset;
  Filler filler;
  load_words(&filler, data_ + offset, sizeof filler);
  if (filler.mark == kFillerMark) {
    return filler.record_bytes == tail && tail <= available ? Found::Filler : Found::Nonsense;
  }
  const uint64_t within = std::min(tail, available);
  if (within < sizeof(TappedPacket)) return Found::Nonsense;
  load_words(&packet_.head, data_ + offset, sizeof packet_.head);
  if (!believable(packet_.head, within)) return Found::Nonsense;
  std::memcpy(copy_.get(), data_ + offset + sizeof(TappedPacket), packet_.head.captured_length);
  packet_.bytes = {copy_.get(), packet_.head.captured_length};
  return Found::Packet;
}

void PacketRingReader::advance(uint64_t bytes) noexcept {
  taken_ += bytes;
  header_.taken.store(taken_, std::memory_order_release);
}

void PacketRingReader::pop() noexcept {
  if (!holding_) return;
  holding_ = false;
  advance(packet_.head.record_bytes);
}

void PacketRingReader::resynchronise(uint64_t written) noexcept {
  ++resynchronised_;
  taken_ = written;
  header_.taken.store(taken_, std::memory_order_release);
}

void PacketRingReader::skip_all() noexcept {
  holding_ = false;
  taken_ = header_.written.load(std::memory_order_acquire);
  header_.taken.store(taken_, std::memory_order_release);
}

uint64_t PacketRingReader::waiting_bytes() const noexcept {
  return std::min(header_.written.load(std::memory_order_acquire) - taken_, capacity_);
}

}  // namespace wirewatch
