// SPDX-License-Identifier: BSD-3-Clause
// The ring of tapped packets with both ends in the hands of a stranger: whatever lies in the shared memory and whatever
// the other side says, the reader stays inside it, ends, and hands out only what could be; and while nobody lies,
// nothing is lost that is not counted. Run by the fuzzer and, over its past crashes, by the unit tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/byte_reader.h"
#include "dataplane/pipeline/packet_region.h"

namespace wirewatch::fuzz {

/// A ring in memory of its exact size, so that the address sanitizer sees a byte beyond.
class RingUnderAttack {
 public:
  explicit RingUnderAttack(size_t pages)
      : capacity_(pages * 4096),
        header_(std::make_unique<PacketRingHeader>()),
        words_(std::make_unique<uint64_t[]>(capacity_ / 8)),
        data_(reinterpret_cast<uint8_t*>(words_.get())),
        writer_(*header_, data_, capacity_),
        reader_(std::make_unique<PacketRingReader>(*header_, data_, capacity_)) {
    std::array<uint64_t, kMostTaps> ids{};
    ids.fill(1);
    writer_.begin_set(1, ids);
  }

  void write(uint32_t length, uint64_t taps, uint8_t fill) {
    if (taps == 0) taps = 1;
    const std::vector<uint8_t> bytes(length, fill);
    TappedPacket head;
    head.taps = taps;
    head.time_ns = ++written_;
    head.flow_bytes = length;
    writer_.write(head, bytes);
    if ((taps & 1) != 0) ++matched_;
  }
  void publish() { writer_.publish(); }
  void damage(uint64_t at, uint8_t with) {
    lied_ = true;
    data_[at % capacity_] ^= with;
  }
  void lie_about_written(uint64_t value) {
    lied_ = true;
    header_->written.store(value);
  }
  void lie_about_taken(uint64_t value) {
    lied_ = true;
    header_->taken.store(value);
  }
  void read_anew() { reader_ = std::make_unique<PacketRingReader>(*header_, data_, capacity_); }

  /// Empty, or what did not hold.
  std::string drain(size_t most) {
    for (size_t i = 0; i < most; ++i) {
      const DrainedPacket* packet = reader_->peek();
      if (packet == nullptr) return {};
      if (reader_->peek() != packet) return "two looks at two packets";
      if (auto fault = look_at(*packet); !fault.empty()) return fault;
      reader_->pop();
    }
    return {};
  }
  /// Of a ring that nobody lied about.
  std::string check_sums() {
    writer_.publish();
    const size_t all = capacity_ / sizeof(TappedPacket) + 2;
    if (auto fault = drain(all); !fault.empty()) return fault;
    if (reader_->peek() != nullptr) return "more packets than can be in the ring";
    if (lied_) return {};
    const TapCounts counts = header_->counts[0];
    if (counts.matched_packets != matched_) return "packets that matched were not counted";
    if (counts.matched_packets != drained_ + counts.dropped_packets) return "packets lost without being counted";
    return reader_->resynchronised() == 0 ? "" : "an honest writer was not believed";
  }

 private:
  std::string look_at(const DrainedPacket& packet) {
    const TappedPacket& head = packet.head;
    if (packet.bytes.size() != head.captured_length || head.captured_length > kMostSnapLength) return "a packet of another length";
    if (head.captured_length > head.original_length) return "more captured than there was";
    if (head.record_bytes > capacity_) return "a packet longer than the ring";
    if (head.taps == 0 || head.taps >> kMostTaps != 0) return "a packet for no tap";
    for (const uint8_t byte : packet.bytes) checksum_ = checksum_ * 31 + byte;
    if (lied_) return {};
    if (head.time_ns <= last_ || head.flow_bytes != head.captured_length) return "another packet than was written";
    if (!std::ranges::all_of(packet.bytes, [&](uint8_t byte) { return byte == packet.bytes.front(); })) return "parts of two packets";
    last_ = head.time_ns;
    drained_ += head.taps & 1;
    return {};
  }

  size_t capacity_;
  std::unique_ptr<PacketRingHeader> header_;
  std::unique_ptr<uint64_t[]> words_;
  uint8_t* data_;
  PacketRingWriter writer_;
  std::unique_ptr<PacketRingReader> reader_;
  bool lied_ = false;
  int64_t written_ = 0, last_ = 0;
  uint64_t matched_ = 0, drained_ = 0;
  uint64_t checksum_ = 0;
};

/// The header of a region as a stranger wrote it: refused, or rings that can be read.
inline std::string check_header(ByteReader input) {
  auto made = PacketRegion::create(2, 4096, 1);
  auto memory = SharedMemory::map(made->fd());
  if (!memory) return memory.error().message;
  while (const auto at = input.le16()) {
    const auto with = input.u8();
    if (!with) break;
    memory->data()[*at % memory->size()] ^= *with;
  }
  auto reader = PacketRegionReader::map(made->fd());
  if (!reader) return reader.error().message.empty() ? "refused without a word" : "";
  for (unsigned worker = 0; worker < reader->workers(); ++worker) {
    for (size_t i = 0; i < 4096 / sizeof(TappedPacket) + 2 && reader->ring(worker).peek() != nullptr; ++i) reader->ring(worker).pop();
    static_cast<void>(reader->counts(worker, 3));
    static_cast<void>(reader->adopted_set(worker));
  }
  return {};
}

/// The input is a list of things that happen.
inline std::string check_region(std::span<const uint8_t> bytes) {
  ByteReader input(bytes);
  const auto kind = input.u8();
  if (!kind) return {};
  if (*kind == 0xff) return check_header(input);
  RingUnderAttack ring(1 + *kind % 3);
  while (const auto what = input.u8()) {
    std::string fault;
    const uint64_t number = input.le32().value_or(0);
    switch (*what % 10) {
      case 0:
      case 1:
      case 2: ring.write(static_cast<uint32_t>(number % 2'000), number >> 16, *what); break;
      case 3: ring.publish(); break;
      case 4:
      case 5: fault = ring.drain(number % 64); break;
      case 6: ring.damage(number >> 8, static_cast<uint8_t>(number)); break;
      case 7: ring.lie_about_written(number % 2 == 0 ? number : ~number); break;
      case 8: ring.lie_about_taken(number % 2 == 0 ? number : ~number); break;
      case 9: ring.read_anew(); break;
    }
    if (!fault.empty()) return fault;
  }
  return ring.check_sums();
}

}  // namespace wirewatch::fuzz
