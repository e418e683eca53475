// SPDX-License-Identifier: BSD-3-Clause
// What of a frame depends on the frames before it: tcp.stream and udp.stream, relative sequence numbers, the window
// scale, tcp.analysis.initial_rtt and ack_rtt, and where application PDUs begin in a TCP stream; numbered and timed as
// tshark does in its first pass. Only for filters whose Needs::streams says so, fed with every frame in order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "dataplane/base/timestamp.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

namespace filter {
/// Which application protocol a payload is read as.
enum class Application : uint8_t { None, Dns, Mdns, Llmnr, Http, Tls, Dhcp, Ntp, Ssdp, OpenVpn, RdpUdp, Quic };
constexpr std::string_view name(Application application) noexcept {
  constexpr std::array<std::string_view, 12> kNames{"", "dns", "mdns", "llmnr", "http", "tls", "dhcp", "ntp", "ssdp", "openvpn", "rdpudp", "quic"};
  return kNames[static_cast<size_t>(application)];
}
}  // namespace filter

/// Facts about one TCP or UDP header of a frame.
struct TransportFacts {
  uint32_t header_offset = 0;     // in the frame: which header is meant
  uint32_t stream = 0;            // tcp.stream or udp.stream
  uint32_t sequence_base = 0;     // raw sequence number minus this is tcp.seq
  uint32_t acknowledgment_base = 0;
  int16_t window_shift = -1;      // tshark's window_size_scalefactor: -1 unknown, -2 no scaling used
  bool relative = false;          // the bases are known: sequence numbers are relative
  bool has_initial_rtt = false;
  bool acknowledges = false;      // a segment seen before: the three that follow are known
  bool analysed = false;          // tshark has a tcp.analysis to show
  filter::Application application = filter::Application::None;  // of the PDUs below
  filter::Application carrier = filter::Application::None;      // that those are inside of
  uint64_t acked_frame = 0;
  int64_t ack_rtt_ns = 0;
  int64_t initial_rtt_ns = 0;
  Timestamp first_time, previous_time;  // of the stream; equal to the frame's own for its first frame
  bool tls13 = false;             // the server chose TLS 1.3
  bool tls_encrypted = false;     // this direction changed to encryption in an earlier frame
  bool inside_http = false;       // of a connection that a proxy made
  bool carries_tls = false;       // in QUIC's packets
  bool begins_pdu = false;        // of `application`, but it is not whole yet
  std::span<const uint8_t> pdus;  // whole PDUs that end in this frame, put together from the segments before
};

struct StreamFacts {
  static constexpr size_t kMost = 4;  // transport headers of a frame: tunnels and ICMP quotes
  std::array<TransportFacts, kMost> transports{};
  uint8_t count = 0;

  const TransportFacts* find(uint32_t header_offset) const noexcept {
    for (uint8_t i = 0; i < count; ++i) {
      if (transports[i].header_offset == header_offset) return &transports[i];
    }
    return nullptr;
  }
};

class StreamTracker {
 public:
  /// Keeps at most `most_streams`; the longest idle ones are forgotten first, and numbering goes on.
  explicit StreamTracker(size_t most_streams = size_t{1} << 20);
  ~StreamTracker();
  StreamTracker(StreamTracker&&) noexcept;
  StreamTracker& operator=(StreamTracker&&) noexcept;

  /// Secrets that a capture brings, whole lines of a key log: packets behind them are opened. Once for each part of it.
  void learn_keys(std::string_view key_log);

  /// The facts of this frame, valid until the next call. Allocates while streams are added.
  const StreamFacts& observe(const Packet& packet, const Layers& layers);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wirewatch
