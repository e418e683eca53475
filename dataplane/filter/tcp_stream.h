// SPDX-License-Identifier: BSD-3-Clause
// One TCP conversation as tshark keeps it: bases of its sequence numbers, windows, what is not yet acknowledged, and the
// bytes of application messages that are not whole yet.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/filter/message_parts.h"
#include "dataplane/filter/message_reader.h"
#include "dataplane/filter/openvpn.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

/// What the tracker reads of a TCP segment.
struct TcpSegment {
  uint32_t sequence = 0;
  uint32_t acknowledgment = 0;
  uint8_t flags = 0;
  uint16_t window = 0;
  int window_shift = -1;  // of its options
  uint16_t source_port = 0, destination_port = 0;
  std::span<const uint8_t> payload;  // captured
  uint32_t payload_length = 0;       // on the wire
  bool forward = false;              // sent by the end that compares lower
  bool quoted = false;               // inside an ICMP error: shown, but nothing is learned from it
  bool overlong = false;             // cut short against its IP header: its numbers are shown as they stand
  uint64_t frame = 0;
  Timestamp time;
};

class TcpStream {
 public:
  explicit TcpStream(uint32_t number, Timestamp first) noexcept : number_(number), first_time_(first), last_time_(first) {}

  /// Is this SYN the beginning of another connection between the same ends?
  bool is_reused_by(const TcpSegment& segment) const noexcept;
  /// Learns from the segment and tells what is known of it. The PDUs stay valid until the stream's next segment.
  void observe(const TcpSegment& segment, TransportFacts& facts);

 private:
  struct Unacknowledged {
    uint64_t frame;
    Timestamp time;
    uint32_t begin, end;
  };
  struct Direction {
    bool has_base = false;
    bool has_next = false;
    bool saw_syn = false;
    bool has_acknowledged = false;
    uint32_t acknowledged = 0;  // what it acknowledged last
    uint32_t base = 0;
    uint32_t next = 0;  // highest sequence number so far
    Timestamp next_time, acknowledged_time;  // of the segments that moved it, and that acknowledged last
    uint16_t window = 0;
    unsigned repeated_acknowledgments = 0;
    int window_shift = -1;
    std::vector<Unacknowledged> sent;  // oldest first
    MessageParts parts;
    std::vector<uint8_t> shown;  // what the last segment completed
    bool tls_encrypted = false;
    std::unique_ptr<OpenVpn> openvpn = nullptr;
    std::vector<uint8_t> unwrapped;  // TLS records in what the last segment completed
  };

  void acknowledge(const TcpSegment& segment, Direction& other, TransportFacts& facts);
  bool comes_again(const TcpSegment& segment, const Direction& own, const Direction& other) const noexcept;
  void application(const TcpSegment& segment, Direction& own, bool again, TransportFacts& facts);
  void last_message(Direction& own, TransportFacts& facts);
  void continued(MessageParts::Message& message, const TcpSegment& part, Direction& own, bool again, TransportFacts& facts);
  void begun(const TcpSegment& part, Direction& own, TransportFacts& facts);
  void unwrap(Direction& own, TransportFacts& facts);
  void show(Application application, Direction& own, const Reading& reading, TransportFacts& facts) const;

  uint32_t number_;
  Timestamp first_time_, last_time_;
  std::array<Direction, 2> directions_;
  std::optional<Timestamp> last_syn_;
  std::optional<int64_t> initial_rtt_ns_;
  MessageReader reader_;
  bool reset_ = false;
};

}  // namespace wirewatch::filter
