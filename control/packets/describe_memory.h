// SPDX-License-Identifier: BSD-3-Clause
// What lines say of other packets: "(Call In 8)", "(request in 2675)", the TLS version a server chose, the message that
// this segment ends. Tables of fixed size in which the new takes the place of the old, since captures have no bound.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "control/packets/packet_line.h"

namespace wirewatch {

/// One direction of a TCP connection, as far as the next segment is judged by it. Numbers as in the headers.
struct TcpSender {
  uint32_t next_sequence = 0;      // behind the highest byte that was sent
  uint32_t acknowledged = 0;       // the last acknowledgment that this end sent
  uint32_t last_new_ack_frame = 0; // the frame that sent it first
  uint32_t repeated_acks = 0;
  int64_t acknowledged_ns = 0;
  int64_t sent_ns = 0;             // when next_sequence was reached
  uint16_t window = 0;             // as in the header
  int16_t window_shift = -1;
  bool seen = false;
  bool kept_alive = false;         // its last segment was a keep-alive
};

struct RpcCall {
  uint32_t program = 0;
  uint32_t version = 0;
  uint32_t procedure = 0;
};

/// The line of a message that began in one segment and ends in a later one.
struct UnfinishedMessage {
  uint32_t end_sequence = 0;  // of the byte behind it
  std::string_view protocol;  // a literal
  uint16_t length = 0;
  std::array<char, 230> text{};

  std::string_view info() const noexcept { return {text.data(), length}; }
  void keep(std::string_view column, std::string_view info) noexcept {
    protocol = column;
    length = static_cast<uint16_t>(info.size() < text.size() ? info.size() : text.size());
    std::memcpy(text.data(), info.data(), length);
  }
};

/// Values by a 64-bit key that is taken to be unique; at most `Size` of them.
template <typename Value, size_t Size>
class RecentTable {
  static_assert((Size & (Size - 1)) == 0);

 public:
  RecentTable() : slots_(Size) {}

  /// What is there, or a new one.
  Value& at(uint64_t key, uint64_t frame) noexcept {
    Value* const known = find(key);
    return known != nullptr ? *known : put(key, frame);
  }
  Value& put(uint64_t key, uint64_t frame) noexcept {
    Slot& slot = slots_[place(key)];
    slot.key = key | 1;
    slot.frame = frame;
    slot.value = {};
    return slot.value;
  }
  /// nullptr when it was never there or has been replaced.
  Value* find(uint64_t key) noexcept {
    Slot& slot = slots_[place(key)];
    return slot.key == (key | 1) ? &slot.value : nullptr;
  }
  /// The frame that it was put for.
  uint64_t frame_of(uint64_t key) const noexcept { return slots_[place(key)].frame; }
  void erase(uint64_t key) noexcept { slots_[place(key)].key = 0; }

 private:
  struct Slot {
    uint64_t key = 0;
    uint64_t frame = 0;
    Value value{};
  };
  static size_t place(uint64_t key) noexcept { return (key * 0x9e3779b97f4a7c15u) >> 40 & (Size - 1); }

  std::vector<Slot> slots_;
};

struct DescribeMemory {
  struct Nothing {};
  RecentTable<TcpSender, 1 << 15> tcp_senders;         // by stream and direction
  RecentTable<uint16_t, 1 << 16> tls_versions;         // by stream
  RecentTable<RpcCall, 1 << 14> rpc_calls;             // by flow and transaction
  RecentTable<Nothing, 1 << 14> echo_requests;         // by addresses, identifier and sequence
  RecentTable<UnfinishedMessage, 1 << 12> unfinished;  // by flow and direction
  PacketLine scratch;
};

}  // namespace wirewatch
