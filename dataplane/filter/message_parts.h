// SPDX-License-Identifier: BSD-3-Clause
// Messages of one direction of a TCP stream that are spread over segments. As in Wireshark, a message is a range of
// sequence numbers: a segment that begins inside of one is a part of it, also behind a hole; all others begin anew.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace wirewatch::filter {

/// What a reader of messages makes of bytes: the first `shown` are whole messages, and what it waits for behind them.
struct Reading {
  enum class Wait : uint8_t { Nothing, Bytes, OneMoreSegment, TheEnd };
  size_t shown = 0;
  Wait wait = Wait::Nothing;
  size_t missing = 0;     // of Wait::Bytes
  bool refused = false;   // not of this protocol at all
};

class MessageParts {
 public:
  struct Message {
    uint32_t begin = 0, behind = 0;  // sequence numbers
    bool takes_next_segment = false, until_end = false, complete = false;
    uint32_t joined = 0;             // bytes there without a hole
    std::vector<uint8_t> bytes;      // of those, up to a bound
    std::vector<std::pair<uint32_t, std::vector<uint8_t>>> islands;  // behind a hole: offset, bytes
    std::vector<uint32_t> island_lengths;                            // on the wire, in step with `islands`

    bool is_there() const noexcept { return !until_end && joined >= behind - begin; }
  };

  /// Does a message that an earlier segment began start here?
  bool begins_at(uint32_t sequence) const noexcept;
  /// The message that a segment from `sequence` on continues; nullptr when it begins something new.
  Message* continued_at(uint32_t sequence) noexcept;
  Message* until_end() noexcept;
  /// Begins a message whose first bytes, up to `end`, are these.
  void begin(uint32_t sequence, uint32_t end, const Reading& reading, std::span<const uint8_t> bytes);
  /// Adds a segment's bytes, `length` of them on the wire.
  void add(Message& message, uint32_t sequence, std::span<const uint8_t> bytes, uint32_t length);
  /// The message goes on behind `end`, by what its reader waits for.
  static void extend(Message& message, uint32_t end, const Reading& reading) noexcept;
  /// What there is of its bytes. The message itself is remembered, since segments of it may come again.
  std::vector<uint8_t> finish(Message& message) noexcept;

 private:
  static constexpr size_t kMostMessages = 16;               // finished ones included
  static constexpr size_t kMostBytes = size_t{1} << 20;     // kept; what is longer is shown without its end
  static constexpr size_t kMostIslands = 64;

  std::vector<Message> messages_;  // the one begun first in front
  size_t kept_ = 0;
};

}  // namespace wirewatch::filter
