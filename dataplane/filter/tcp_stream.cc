// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/tcp_stream.h"

#include <algorithm>

#include "dataplane/filter/pdu.h"

namespace wirewatch::filter {
namespace {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
constexpr int kNoScaling = -2;
constexpr size_t kMostUnacknowledged = 4096;
constexpr size_t kMostPending = size_t{1} << 20;  // a longer message is given up, and shown where it begins

bool before(uint32_t a, uint32_t b) noexcept { return static_cast<int32_t>(a - b) < 0; }

/// Ports that Wireshark hands to these dissectors by default.
Application by_port(uint16_t port) noexcept {
  switch (port) {
    case 53: return Application::Dns;
    case 80:
    case 1900:
    case 2710:
    case 2869:
    case 3128:
    case 3132:
    case 5985:
    case 8080:
    case 8088:
    case 11371: return Application::Http;
    case 261:
    case 443:
    case 448:
    case 465:
    case 563:
    case 614:
    case 636:
    case 853:
    case 989:
    case 990:
    case 992:
    case 993:
    case 994:
    case 995:
    case 4031:
    case 5061: return Application::Tls;
    default: return Application::None;
  }
}

}  // namespace

bool TcpStream::is_reused_by(const TcpSegment& segment) const noexcept {
  if (segment.quoted || (segment.flags & (kSyn | kAck)) != kSyn) return false;
  const Direction& own = directions_[segment.forward ? 0 : 1];
  return own.has_base && (own.base != segment.sequence || reset_);
}

void TcpStream::recognise(const TcpSegment& segment) noexcept {
  if (application_ != Application::None || segment.payload.empty()) return;
  application_ = by_port(std::min(segment.source_port, segment.destination_port));
  if (application_ == Application::None) application_ = by_port(std::max(segment.source_port, segment.destination_port));
  if (application_ != Application::None) return;
  constexpr uint8_t kHandshake = 22;
  if (looks_like_tls(segment.payload) && segment.payload[0] == kHandshake) application_ = Application::Tls;
  else if (looks_like_http(segment.payload)) application_ = Application::Http;
}

void TcpStream::observe(const TcpSegment& segment, TransportFacts& facts) {
  Direction& own = directions_[segment.forward ? 0 : 1];
  Direction& other = directions_[segment.forward ? 1 : 0];
  const bool syn = (segment.flags & kSyn) != 0, ack = (segment.flags & kAck) != 0;
  facts.stream = number_;
  facts.first_time = first_time_;
  facts.previous_time = last_time_;
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
    if (ack && (own.window_shift < 0 || other.window_shift < 0) && (own.window_shift != other.window_shift || own.window_shift < 0)) {
      own.window_shift = other.window_shift = kNoScaling;
    }
  }
  facts.window_shift = static_cast<int16_t>(own.window_shift);

  if (syn && !ack) last_syn_ = segment.time;
  if (ack && !syn && last_syn_ && !initial_rtt_ns_) initial_rtt_ns_ = segment.time.since(*last_syn_);

  const uint32_t consumed = segment.payload_length + ((segment.flags & (kSyn | kFin)) != 0 ? 1 : 0);
  const uint32_t end = segment.sequence + consumed;
  const bool again = own.has_next && segment.payload_length > 0 && before(segment.sequence, own.next);
  if (!own.has_next || before(own.next, end)) own.next = end;
  own.has_next = true;
  if (consumed > 0) {
    if (own.sent.size() == kMostUnacknowledged) own.sent.clear();  // nobody answers; nothing can be learned from them
    own.sent.push_back({segment.frame, segment.time, segment.sequence, end});
  }
  if (ack) acknowledge(segment, other, facts);
  facts.analysed = facts.acknowledges || segment.payload_length > 0;
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

/// Puts segments together until messages are whole.
void TcpStream::application(const TcpSegment& segment, Direction& own, bool again, TransportFacts& facts) {
  if (application_ == Application::None || segment.payload.empty() || again) return;
  own.pending.erase(own.pending.begin(), own.pending.begin() + static_cast<std::ptrdiff_t>(own.dead));
  own.dead = 0;
  if (!own.pending.empty() && segment.sequence != own.pending_next) own.pending.clear();
  own.pending.insert(own.pending.end(), segment.payload.begin(), segment.payload.end());
  own.pending_next = segment.sequence + segment.payload_length;
  const bool cut = segment.payload.size() < segment.payload_length;
  const std::span<const uint8_t> all = own.pending;
  size_t whole = 0;
  while (whole < all.size()) {
    const auto rest = all.subspan(whole);
    const bool sound = application_ == Application::Tls ? looks_like_tls(rest) || rest.size() < 3
                       : application_ == Application::Http ? looks_like_http(rest)
                                                           : true;
    const auto length = sound ? pdu_length(application_, rest) : std::optional(rest.size());
    if (!length || *length > rest.size()) break;
    whole += *length;
  }
  const bool give_up = cut || (segment.flags & kFin) != 0 || all.size() - whole > kMostPending;
  if (give_up) whole = all.size();
  own.dead = whole;
  if (whole == 0) return;
  facts.application = application_;
  facts.pdus = all.first(whole);
}

}  // namespace wirewatch::filter
