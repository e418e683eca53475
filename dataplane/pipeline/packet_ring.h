// SPDX-License-Identifier: BSD-3-Clause
// Copies of packets on their way from one worker to control: a ring of bytes in shared memory, one writer, one reader,
// bounded. Full means a counted drop, never a wait. Neither side believes an index or a length that the other wrote.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/filter/frame.h"
#include "dataplane/flow/records.h"
#include "dataplane/stats/seqlock.h"

namespace wirewatch {

inline constexpr size_t kMostTaps = 16;                    // at once; bits of TappedPacket::taps
inline constexpr uint32_t kMostSnapLength = 262'144;       // of one packet, as tcpdump's
inline constexpr uint64_t kNoTap = 0;                      // no tap has this id

/// One packet as it lies in the ring, followed by `captured_length` bytes and padding to the next multiple of 8. What is
/// said of its flow is how it stood right after this packet.
struct TappedPacket {
  static constexpr uint8_t kAmbiguous = 1, kHasHandshake = 2, kBlocked = 4;  // of `flags`

  uint32_t record_bytes = 0;      // of all that, itself included; a multiple of 8
  uint32_t captured_length = 0;   // what there is of it, at most the longest snap length of its taps
  uint32_t original_length = 0;
  uint16_t link_type = 1;         // LINKTYPE_
  uint16_t port = 0;              // index into SharedProcess::ports
  int64_t time_ns = kNoTimestamp.ns;
  uint64_t taps = 0;              // bit i: the tap in slot i of `set` asked for it
  uint64_t set = 0;
  ApplicationId application = kUnknownApplication;  // the registry's id
  uint8_t evidence = 0;           // Evidence
  uint8_t flags = 0;
  uint32_t flow_packets = 0;      // of its flow so far, this one included; 0: it has no flow, or is a bare SYN
  uint64_t flow_bytes = 0;
  int64_t syn_ack_rtt_ns = kNoDuration;
  int64_t ack_rtt_ns = kNoDuration;
  int64_t initial_rtt_ns = kNoDuration;
  uint16_t syn_retransmissions = 0;
  uint16_t syn_ack_retransmissions = 0;
  uint8_t outcome_code = 0;       // HandshakeOutcome and one; 0 while it is open or not known
  std::array<uint8_t, 3> unused{};

  Timestamp time() const noexcept { return Timestamp{time_ns}; }
  bool has(uint8_t flag) const noexcept { return (flags & flag) != 0; }
  std::optional<HandshakeOutcome> outcome() const noexcept {
    if (outcome_code == 0) return std::nullopt;
    return static_cast<HandshakeOutcome>(outcome_code - 1);
  }
};
static_assert(sizeof(TappedPacket) == 88 && SharedWords<TappedPacket>);

/// What became of the packets that a tap asked for. Always: matched = given to the reader + still in the ring + dropped.
struct TapCounts {
  uint64_t tap_id = kNoTap;
  uint64_t matched_packets = 0;
  uint64_t matched_bytes = 0;     // original lengths
  uint64_t dropped_packets = 0;   // of those matched: the ring was full

  friend bool operator==(const TapCounts&, const TapCounts&) noexcept = default;
};

/// The ring's part of the shared memory that is not packets; zero is an empty ring without taps.
struct PacketRingHeader {
  alignas(64) std::atomic<uint64_t> written;  // bytes ever, by the worker
  std::atomic<uint64_t> adopted_set;          // number of the tap set the worker runs; everything of earlier ones is in the ring
  std::atomic<uint64_t> dropped_packets;      // whatever taps they matched
  Seqlock counts_lock;
  std::array<TapCounts, kMostTaps> counts;
  alignas(64) std::atomic<uint64_t> taken;    // bytes ever, by the reader
};

/// The worker's side. Nothing is seen by the reader before publish().
class PacketRingWriter {
 public:
  /// `data` is `capacity` bytes, a multiple of 8.
  PacketRingWriter(PacketRingHeader& header, uint8_t* data, size_t capacity) noexcept
      : header_(header), data_(data), capacity_(capacity) {}

  /// From here on the packets are those of tap set `number`. A slot that another tap takes counts from 0.
  void begin_set(uint64_t number, const std::array<uint64_t, kMostTaps>& tap_ids) noexcept;
  /// Counts the packet for the taps in `packet.taps` and puts it into the ring, or counts it as dropped.
  void write(TappedPacket packet, std::span<const uint8_t> bytes) noexcept;
  /// Shows the reader all of it: counts first, so that a packet that is seen is one that is counted.
  void publish() noexcept;

  uint64_t set() const noexcept { return set_; }

 private:
  bool fits(size_t bytes) noexcept;
  uint8_t* place(size_t bytes) noexcept;

  PacketRingHeader& header_;
  uint8_t* data_;
  uint64_t capacity_;
  uint64_t written_ = 0;  // the truth; the header's is for the reader to see
  uint64_t shown_ = 0;
  uint64_t taken_ = 0;    // as last believed
  size_t offset_ = 0;     // written_ % capacity_
  uint64_t set_ = 0;
  uint64_t dropped_ = 0;
  uint64_t changed_ = 0;  // slots whose counts are not published
  std::array<TapCounts, kMostTaps> counts_{};
};

/// A packet taken out of the ring: a copy, so that it stays what was checked. Valid until the reader's next call.
struct DrainedPacket {
  TappedPacket head;
  std::span<const uint8_t> bytes;
};

/// Control's side.
class PacketRingReader {
 public:
  /// Goes on where the reader before stopped.
  PacketRingReader(PacketRingHeader& header, const uint8_t* data, size_t capacity);

  /// The oldest packet, the same one until pop(); nullptr when there is none. A record that no writer makes is not
  /// believed: everything written so far is skipped then, and counted.
  const DrainedPacket* peek() noexcept;
  /// Done with it: its place may be written again.
  void pop() noexcept;
  /// Everything that is there now goes unread.
  void skip_all() noexcept;

  /// Bytes that wait, headers included; at most the ring's size.
  uint64_t waiting_bytes() const noexcept;
  uint64_t resynchronised() const noexcept { return resynchronised_; }

 private:
  enum class Found : uint8_t { Packet, Filler, Nonsense };
  Found look(uint64_t available) noexcept;
  void advance(uint64_t bytes) noexcept;
  void resynchronise(uint64_t written) noexcept;

  PacketRingHeader& header_;
  const uint8_t* data_;
  uint64_t capacity_;
  uint64_t taken_;
  uint64_t resynchronised_ = 0;
  bool holding_ = false;
  DrainedPacket packet_;
  std::unique_ptr<uint8_t[]> copy_;
};

}  // namespace wirewatch
