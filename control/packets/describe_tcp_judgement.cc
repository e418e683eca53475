// SPDX-License-Identifier: BSD-3-Clause
// Retransmissions, lost segments, repeated acknowledgments and closed windows, by the rules of tshark's sequence analysis.
#include "control/packets/describe.h"
#include "control/packets/describe_memory.h"
#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

bool before(uint32_t a, uint32_t b) noexcept { return static_cast<int32_t>(a - b) < 0; }

struct Segment {
  uint32_t sequence, acknowledgment, length, end;  // `end` counts SYN and FIN
  uint16_t window;
  uint8_t flags;
  int64_t time_ns;
  uint32_t frame;

  bool has(uint8_t any) const noexcept { return (flags & any) != 0; }
  bool plain() const noexcept { return !has(tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst); }
};

/// The name of a segment below what its sender has sent already.
std::string_view name_of_resent(const Segment& segment, const TcpSender& sender, const TcpSender& peer, int64_t rtt_ns) noexcept {
  constexpr int64_t kFast = 20 * kMillisecond, kReordered = 3 * kMillisecond;
  if (segment.length > 0 && peer.seen && !before(peer.acknowledged, segment.end)) return "Spurious Retransmission";
  if (peer.repeated_acks >= 2 && peer.acknowledged == segment.sequence && segment.time_ns - peer.acknowledged_ns < kFast) {
    return "Fast Retransmission";
  }
  const int64_t threshold = rtt_ns > 0 ? rtt_ns : kReordered;
  if (segment.time_ns - sender.sent_ns < threshold && sender.next_sequence != segment.end) return "Out-Of-Order";
  return "Retransmission";
}

/// An acknowledgment that says nothing new: what else it may be.
void put_repeated_ack(const Segment& segment, TcpSender& sender, const TcpSender& peer, InfoText& info) noexcept {
  if (segment.window != sender.window) {
    info.put("[TCP Window Update] ");
  } else if (peer.kept_alive) {
    info.put("[TCP Keep-Alive ACK] ");
  } else {
    info.put("[TCP Dup ACK ", sender.last_new_ack_frame, "#", ++sender.repeated_acks, "] ");
  }
}

/// True when the segment was sent before.
bool put_judgement(const Segment& segment, TcpSender& sender, const TcpSender& peer, int64_t rtt_ns, bool& keeps_alive,
                   InfoText& info) noexcept {
  if (segment.window == 0 && segment.plain()) info.put("[TCP ZeroWindow] ");
  if (!sender.seen) return false;
  if (before(sender.next_sequence, segment.sequence) && !segment.has(tcp_flag::kRst)) {
    info.put("[TCP Previous segment not captured] ");
    return false;
  }
  keeps_alive = segment.length <= 1 && segment.sequence == sender.next_sequence - 1 && segment.plain();
  if (keeps_alive) {
    info.put("[TCP Keep-Alive] ");
    return false;
  }
  if (segment.length == 0 && segment.plain()) {
    const bool repeated = segment.window != 0 && segment.sequence == sender.next_sequence && segment.acknowledgment == sender.acknowledged;
    if (repeated && segment.has(tcp_flag::kAck)) put_repeated_ack(segment, sender, peer, info);
    return false;
  }
  if (segment.length > 0 && segment.plain() && peer.seen && peer.window_shift >= 0 &&
      segment.end == peer.acknowledged + (uint32_t{peer.window} << peer.window_shift)) {
    info.put("[TCP Window Full] ");
  }
  const bool carries = segment.length > 0 || segment.has(tcp_flag::kSyn | tcp_flag::kFin);
  if (!carries || !before(segment.sequence, sender.next_sequence)) return false;
  const std::string_view name = name_of_resent(segment, sender, peer, rtt_ns);
  info.put("[TCP ", name, "] ");
  return name != "Out-Of-Order";
}

}  // namespace

TcpJudgement judge_tcp(const Frame& frame, const uint8_t* header, const ApplicationData& data, InfoText& info) noexcept {
  if (data.stream == nullptr || frame.packet.time == kNoTimestamp) return {};
  const bool low = frame.layers.source_is_low;
  const uint64_t key = uint64_t{data.stream->stream} * 4;
  TcpSender& sender = data.memory.tcp_senders.at(key + (low ? 0 : 2), frame.packet.number);
  const TcpSender* const known_peer = data.memory.tcp_senders.find(key + (low ? 2 : 0));
  const TcpSender peer = known_peer != nullptr ? *known_peer : TcpSender{};
  Segment segment{.sequence = load_be32(header + 4),
                  .acknowledgment = load_be32(header + 8),
                  .length = static_cast<uint32_t>(data.length),
                  .end = 0,
                  .window = load_be16(header + 14),
                  .flags = header[13],
                  .time_ns = frame.packet.time.ns,
                  .frame = static_cast<uint32_t>(frame.packet.number)};
  segment.end = segment.sequence + segment.length + (segment.has(tcp_flag::kSyn | tcp_flag::kFin) ? 1 : 0);

  bool keeps_alive = false;
  const int64_t rtt_ns = data.stream->has_initial_rtt ? data.stream->initial_rtt_ns : 0;
  const bool resent = put_judgement(segment, sender, peer, rtt_ns, keeps_alive, info);

  if (!sender.seen || before(sender.next_sequence, segment.end)) {
    sender.next_sequence = segment.end;
    sender.sent_ns = segment.time_ns;
  }
  if (segment.has(tcp_flag::kAck)) {
    if (!sender.seen || sender.acknowledged != segment.acknowledgment) {
      sender.last_new_ack_frame = segment.frame;
      sender.repeated_acks = 0;
    }
    sender.acknowledged = segment.acknowledgment;
    sender.acknowledged_ns = segment.time_ns;
  }
  sender.window = segment.window;
  sender.window_shift = segment.has(tcp_flag::kSyn) ? int16_t{0} : data.stream->window_shift == -2 ? int16_t{0} : data.stream->window_shift;
  sender.kept_alive = keeps_alive;
  sender.seen = true;
  return {.resent = resent && segment.length > 0};
}

}  // namespace wirewatch
