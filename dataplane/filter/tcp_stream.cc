// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/tcp_stream.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "dataplane/filter/pdu.h"

namespace wirewatch::filter {
namespace {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
constexpr int kNoScaling = -2;
constexpr size_t kMostUnacknowledged = 4096;
constexpr size_t kMostPending = size_t{1} << 20;  // a longer message is given up, and shown where it begins

bool before(uint32_t a, uint32_t b) noexcept { return static_cast<int32_t>(a - b) < 0; }

/// Ports whose own dissector in Wireshark takes everything before it is looked at for TLS or HTTP.
bool belongs_to_others(uint16_t port) noexcept {
  constexpr std::array<uint16_t, 13> kPorts{20, 22, 23, 111, 139, 179, 445, 554, 1935, 3389, 6667, 8009, 8554};
  return std::ranges::find(kPorts, port) != kPorts.end();
}
/// Protocols that change to TLS in the middle of a conversation.
bool may_start_tls(uint16_t port) noexcept {
  constexpr std::array<uint16_t, 10> kPorts{21, 25, 110, 143, 389, 587, 3306, 4190, 5222, 5432};
  return std::ranges::find(kPorts, port) != kPorts.end();
}
bool is_http_port(uint16_t port) noexcept {
  constexpr std::array<uint16_t, 12> kPorts{80, 631, 1900, 2710, 2869, 3128, 3132, 3689, 5985, 8080, 8088, 11371};
  return std::ranges::find(kPorts, port) != kPorts.end();
}
bool is_tls_port(uint16_t port) noexcept {
  constexpr std::array<uint16_t, 27> kPorts{324,  443,  465,  636,  802,  853,  993,  995,  1300, 2221, 2443, 3249, 3250, 3251,
                                            3252, 3496, 5061, 5671, 5684, 5868, 8883, 11207, 19999, 27017, 989,  990,  992};
  return std::ranges::find(kPorts, port) != kPorts.end();
}

}  // namespace

bool TcpStream::is_reused_by(const TcpSegment& segment) const noexcept {
  if (segment.quoted || (segment.flags & (kSyn | kAck)) != kSyn) return false;
  const Direction& own = directions_[segment.forward ? 0 : 1];
  return own.has_base && (own.base != segment.sequence || reset_);
}

void TcpStream::recognise(const TcpSegment& segment) noexcept {
  if (application_ != Application::None || segment.payload.empty()) return;
  const uint16_t low = std::min(segment.source_port, segment.destination_port), high = std::max(segment.source_port, segment.destination_port);
  constexpr uint16_t kDns = 53;
  if (inside_http_) {
    if (looks_like_tls(segment.payload)) application_ = Application::Tls;
    return;
  }
  if (low == kDns || high == kDns) {
    application_ = Application::Dns;
    return;
  }
  if (belongs_to_others(low) || belongs_to_others(high)) return;
  const bool tls_port = is_tls_port(low) || is_tls_port(high);
  if (looks_like_http(segment.payload) && !may_start_tls(low) && !may_start_tls(high)) {
    application_ = Application::Http;
  } else if (tls_port || (looks_like_tls(segment.payload) && !is_http_port(low) && !is_http_port(high))) {
    application_ = Application::Tls;
  }
}

void TcpStream::observe(const TcpSegment& segment, TransportFacts& facts) {
  Direction& own = directions_[segment.forward ? 0 : 1];
  Direction& other = directions_[segment.forward ? 1 : 0];
  const bool syn = (segment.flags & kSyn) != 0, ack = (segment.flags & kAck) != 0;
  facts.stream = number_;
  facts.first_time = first_time_;
  facts.previous_time = last_time_;
  if (segment.overlong) return;
  if (segment.quoted) {
    facts.sequence_base = own.has_base ? own.base : 0;
    facts.acknowledgment_base = other.has_base ? other.base : 0;
    return;
  }
  last_time_ = segment.time;
  if (!own.has_base) {
    own.base = syn ? segment.sequence : segment.sequence - 1;
    own.has_base = true;
  }
  if (ack && !other.has_base) {
    other.base = segment.acknowledgment - 1;
    other.has_base = true;
  }
  facts.relative = true;
  facts.sequence_base = own.base;
  facts.acknowledgment_base = other.base;

  if (syn) {
    own.window_shift = segment.window_shift;
    own.saw_syn = true;
    if (ack && (own.window_shift < 0 || (other.saw_syn && other.window_shift < 0))) own.window_shift = other.window_shift = kNoScaling;
  }
  facts.window_shift = static_cast<int16_t>(own.window_shift);

  if (syn && !ack) last_syn_ = segment.time;
  if (ack && !syn && last_syn_ && !initial_rtt_ns_) initial_rtt_ns_ = segment.time.since(*last_syn_);

  const uint32_t consumed = segment.payload_length + ((segment.flags & (kSyn | kFin)) != 0 ? 1 : 0);
  const uint32_t end = segment.sequence + consumed;
  const bool again = own.has_next && segment.payload_length > 0 && before(segment.sequence, own.next);
  const bool syn_again = syn && own.has_next && before(segment.sequence, own.next);
  if (!own.has_next || before(own.next, end)) own.next = end;
  own.has_next = true;
  if (consumed > 0) {
    if (own.sent.size() == kMostUnacknowledged) own.sent.clear();  // nobody answers; nothing can be learned from them
    own.sent.push_back({segment.frame, segment.time, segment.sequence, end});
  }
  if (ack) acknowledge(segment, other, facts);
  // A duplicate ACK or a window update, a SYN sent again, an ACK of what was not captured.
  const bool bare = ack && consumed == 0 && (segment.flags & kRst) == 0;
  const bool repeats = bare && own.has_acknowledged && own.acknowledged == segment.acknowledgment;
  const bool unseen = ack && other.has_next && before(other.next, segment.acknowledgment);
  if (ack) own.acknowledged = segment.acknowledgment;
  own.has_acknowledged |= ack;
  facts.analysed = facts.acknowledges || segment.payload_length > 0 || repeats || unseen || syn_again;
  if (facts.analysed && initial_rtt_ns_ && *initial_rtt_ns_ != 0) {
    facts.has_initial_rtt = true;
    facts.initial_rtt_ns = *initial_rtt_ns_;
  }
  if ((segment.flags & kRst) != 0) reset_ = true;
  recognise(segment);
  application(segment, own, again, facts);
}

/// The oldest segment that ends exactly where the acknowledgment stands gives the time; everything before it is done.
void TcpStream::acknowledge(const TcpSegment& segment, Direction& other, TransportFacts& facts) {
  const uint32_t acknowledged = segment.acknowledgment;
  std::erase_if(other.sent, [&](Unacknowledged& one) {
    if (one.end == acknowledged) {
      if (!facts.acknowledges) {
        facts.acknowledges = true;
        facts.acked_frame = one.frame;
        facts.ack_rtt_ns = segment.time.since(one.time);
      }
      return true;
    }
    if (before(one.begin, acknowledged) && before(acknowledged, one.end)) one.begin = acknowledged;
    return before(one.end, acknowledged);
  });
}

/// Puts a segment behind what is kept. False when it belongs to a message that has a hole, or tells nothing new.
bool TcpStream::join(const TcpSegment& segment, Direction& own) {
  own.pending.erase(own.pending.begin(), own.pending.begin() + static_cast<std::ptrdiff_t>(own.dead));
  own.dead = 0;
  const uint32_t kept_from = own.pending_next - static_cast<uint32_t>(own.pending.size());
  if (!own.pending.empty() && segment.sequence != own.pending_next) {
    const bool inside = own.length == kUntilTheEnd ||
                        (own.length != 0 && before(segment.sequence, kept_from + static_cast<uint32_t>(own.length)));
    if (inside) {
      own.broken = true;
      return false;
    }
    own.pending.clear();
  }
  if (own.pending.empty()) {
    own.broken = false;
    own.length = 0;
  }
  if (own.broken) return false;
  own.pending.insert(own.pending.end(), segment.payload.begin(), segment.payload.end());
  own.pending_next = segment.sequence + segment.payload_length;
  return true;
}

/// How many bytes of `pending` are whole messages.
size_t TcpStream::whole_messages(Direction& own) {
  const std::span<const uint8_t> all = own.pending;
  size_t whole = 0;
  own.length = 0;
  while (whole < all.size()) {
    const auto rest = all.subspan(whole);
    const bool http = application_ == Application::Http;
    const bool sound = application_ == Application::Tls ? looks_like_tls(rest) || rest.size() < 3
                       : http                           ? looks_like_http(rest) || may_become_http(rest)
                                                        : true;
    constexpr std::string_view kHead = "HEAD ";
    const bool response = http && rest.size() >= 5 && rest[0] == 'H' && rest[1] == 'T';
    if (http && !response && rest.size() >= kHead.size()) asked_for_head_ = std::ranges::equal(rest.first(kHead.size()), kHead);
    tls13_ |= application_ == Application::Tls && chooses_tls13(rest);
    constexpr std::string_view kConnect = "CONNECT ", kAccepted = " 2";
    if (http && !response && rest.size() >= kConnect.size()) asked_to_connect_ = std::ranges::equal(rest.first(kConnect.size()), kConnect);
    const bool connects = response && asked_to_connect_ && rest.size() > 10 && std::ranges::equal(rest.subspan(8, 2), kAccepted);
    const auto length = sound ? pdu_length(application_, rest, asked_for_head_ || connects) : std::optional(rest.size());
    if (!length || *length > rest.size()) {
      own.length = length.value_or(0);
      return whole;
    }
    own.tls_encrypted |= application_ == Application::Tls && changes_to_encryption(rest);
    whole += *length;
    if (connects) {  // what follows is another protocol, and still inside HTTP
      inside_http_ = true;
      application_ = Application::None;
      return whole;
    }
  }
  return whole;
}

/// Puts segments together until messages are whole.
void TcpStream::application(const TcpSegment& segment, Direction& own, bool again, TransportFacts& facts) {
  const bool ends = (segment.flags & kFin) != 0;
  if (inside_http_ && application_ == Application::None && !segment.payload.empty() && !again) {
    facts.application = Application::Http;
    facts.pdus = segment.payload;
    return;
  }
  const Application reads_as = application_;
  if (application_ == Application::None || again) return;
  if (segment.payload.empty() && !(ends && own.length == kUntilTheEnd && !own.broken)) return;
  const bool had_start = own.pending.size() > own.dead;
  if (!segment.payload.empty() && !join(segment, own)) return;
  const bool cut = segment.payload.size() < segment.payload_length;
  facts.tls_encrypted = own.tls_encrypted;
  size_t whole = segment.payload.empty() ? 0 : whole_messages(own);
  if (cut || ends || own.pending.size() - whole > kMostPending) whole = own.pending.size();
  own.dead = whole;
  if (whole == own.pending.size()) own.length = 0;
  facts.begins_pdu = whole == 0 && !own.pending.empty() && !had_start && application_ == Application::Tls;
  if (whole == 0 && !facts.begins_pdu) return;
  facts.application = reads_as;
  facts.inside_http = inside_http_ && reads_as != Application::Http;
  facts.tls13 = tls13_;
  facts.pdus = std::span<const uint8_t>(own.pending).first(whole);
}

}  // namespace wirewatch::filter
