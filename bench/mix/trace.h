// SPDX-License-Identifier: BSD-3-Clause
// A conversation as finished frames, laid down once and then copied many times under other addresses.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/mix/random.h"

namespace wirewatch::mix {

struct TraceFrame {
  uint64_t at_ns = 0;               // since the first frame of the trace
  bool from_client = true;
  uint32_t original_length = 0;     // at least bytes.size()
  std::vector<uint8_t> bytes;
};

struct Trace {
  std::vector<TraceFrame> frames;   // in time order
  /// Made by us: the two ends may move apart from each other and the client's port may change. In a trace read from
  /// a capture every address moves alike, since the roles are not known.
  bool synthetic = false;
};

struct Network {
  bool ipv6 = false;
  uint16_t vlan = 0;                // 0: no tag
};

/// Lays down the frames of one TCP or UDP conversation, with sequence numbers, acknowledgments and checksums.
class TraceWriter {
 public:
  /// `round_trip_ns` is what the point of capture sees of the server's answers.
  TraceWriter(Network network, uint8_t ip_protocol, uint16_t server_port, uint64_t round_trip_ns, Random& random);

  void syn();
  void open();                                          // SYN, SYN,ACK, ACK
  void refuse();                                        // SYN, RST,ACK
  void close();                                         // FIN from both ends
  /// Splits a TCP message into segments; every second full segment is acknowledged by the other end.
  void client(std::span<const uint8_t> payload) { message(true, payload); }
  void server(std::span<const uint8_t> payload) { message(false, payload); }
  void pause(uint64_t nanoseconds) { now_ns_ += nanoseconds; }
  void acknowledge(bool from_client) { tcp(from_client, kAck, {}); }

  Trace finish();

 private:
  static constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPush = 0x08, kAck = 0x10;

  void message(bool from_client, std::span<const uint8_t> payload);
  void tcp(bool from_client, uint8_t flags, std::span<const uint8_t> payload);
  void frame(bool from_client, std::span<const uint8_t> transport);

  Network network_;
  uint8_t ip_protocol_;
  std::array<uint16_t, 2> port_;                        // client, server
  std::array<uint32_t, 2> sequence_;
  uint64_t round_trip_ns_;
  uint64_t now_ns_ = 0;
  bool last_from_client_ = true;
  std::array<uint16_t, 2> identification_;
  Trace trace_;
};

inline constexpr size_t kSegment = 1448;                // 1500 less IPv4, TCP and its time stamp option
inline constexpr uint8_t kTcp = 6, kUdp = 17;

/// Where the IP header of an Ethernet frame starts, behind any VLAN tags; 0 when there is none.
size_t ip_offset(std::span<const uint8_t> frame) noexcept;

/// Sets the IPv4 header checksum and that of an unfragmented TCP or UDP packet which is there as a whole.
void set_checksums(std::span<uint8_t> frame) noexcept;

}  // namespace wirewatch::mix
