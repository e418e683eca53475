// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/tcp_stream.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/byte_order.h"

namespace wirewatch::filter {
namespace {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
constexpr int kNoScaling = -2;
constexpr size_t kMostUnacknowledged = 4096;
constexpr size_t kCount = 2;  // bytes of a message's length, before it

bool before(uint32_t a, uint32_t b) noexcept { return static_cast<int32_t>(a - b) < 0; }

}  // namespace

bool TcpStream::is_reused_by(const TcpSegment& segment) const noexcept {
  if (segment.quoted || (segment.flags & (kSyn | kAck)) != kSyn) return false;
  const Direction& own = directions_[segment.forward ? 0 : 1];
  return own.has_base && (own.base != segment.sequence || reset_);
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
  const bool again = comes_again(segment, own, other);
  const bool syn_again = syn && own.has_next && before(segment.sequence, own.next);
  if (!own.has_next || before(own.next, end)) {
    own.next = end;
    own.next_time = segment.time;
  }
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
  if (ack) {
    if (!repeats) {
      own.repeated_acknowledgments = 0;
    } else if (segment.window != 0 && segment.window == own.window && segment.sequence == own.next) {
      ++own.repeated_acknowledgments;
    }
    own.acknowledged = segment.acknowledgment;
    own.acknowledged_time = segment.time;
  }
  own.window = segment.window;
  own.has_acknowledged |= ack;
  facts.analysed = facts.acknowledges || segment.payload_length > 0 || repeats || unseen || syn_again;
  if (facts.analysed && initial_rtt_ns_ && *initial_rtt_ns_ != 0) {
    facts.has_initial_rtt = true;
    facts.initial_rtt_ns = *initial_rtt_ns_;
  }
  if ((segment.flags & kRst) != 0) reset_ = true;
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

/// Is the segment one that tshark does not show to anybody: sent again needlessly or after a while, out of order, or a
/// keep-alive? What is sent again fast it does show.
bool TcpStream::comes_again(const TcpSegment& segment, const Direction& own, const Direction& other) const noexcept {
  if (!own.has_next || segment.payload_length == 0 || !before(segment.sequence, own.next)) return false;
  if (segment.payload_length == 1 && segment.sequence == own.next - 1) return true;
  if (segment.payload_length > 1 && segment.sequence == own.next - 1) return false;  // behind a probe of a closed window
  const uint32_t end = segment.sequence + segment.payload_length;
  if (other.has_acknowledged && !before(other.acknowledged, end)) return true;
  constexpr int64_t kFast = 20'000'000;
  constexpr unsigned kEnough = 2;
  return other.repeated_acknowledgments < kEnough || other.acknowledged != segment.sequence || segment.time.since(other.acknowledged_time) >= kFast;
}

/// Adds what a reading shows to what the frame shows. Messages of one frame follow each other, so their bytes are joined.
void TcpStream::show(Application application, Direction& own, const Reading& reading, TransportFacts& facts) const {
  if (reading.shown == 0) {
    facts.begins_pdu |= application == Application::Tls && !reading.refused && facts.application == Application::None;
    if (!facts.begins_pdu) return;
  }
  facts.application = application;
  facts.inside_http = reader_.inside_http() && application != Application::Http;
  facts.tls13 = reader_.tls13();
  facts.begins_pdu &= reading.shown == 0;
  if (reading.shown > 0 && !own.shown.empty()) facts.pdus = own.shown;
}

/// A segment, or what is left of it, from where a message begins.
void TcpStream::begun(const TcpSegment& part, Direction& own, TransportFacts& facts) {
  reader_.recognise(part.source_port, part.destination_port, part.payload);
  const Application reads_as = reader_.application();
  if (reads_as == Application::None) {
    if (facts.application != Application::None || !reader_.inside_http()) return;  // what a proxy's connection carries
    facts.application = Application::Http;
    facts.pdus = part.payload;
    return;
  }
  const bool whole = part.payload.size() == part.payload_length;
  const bool encrypted = own.tls_encrypted;
  const Reading reading = reader_.read(part.payload, whole, own.tls_encrypted);
  if (facts.application == Application::None) facts.tls_encrypted = encrypted;
  if (own.shown.empty()) {
    facts.pdus = part.payload.first(reading.shown);
  } else {
    own.shown.insert(own.shown.end(), part.payload.begin(), part.payload.begin() + static_cast<std::ptrdiff_t>(reading.shown));
  }
  show(reads_as, own, reading, facts);
  if (reading.wait == Reading::Wait::Nothing) return;
  const auto begin = part.sequence + static_cast<uint32_t>(reading.shown);
  own.parts.begin(begin, part.sequence + part.payload_length, reading, part.payload.subspan(reading.shown));
}

/// A segment, or as much of it as belongs to a message that began before.
void TcpStream::continued(MessageParts::Message& message, const TcpSegment& part, Direction& own, bool again, TransportFacts& facts) {
  const uint32_t end = part.sequence + part.payload_length;
  own.parts.add(message, part.sequence, part.payload, part.payload_length);
  if (std::exchange(message.takes_next_segment, false)) message.behind = end;
  if (!message.is_there()) return;
  if (again || reader_.application() == Application::None) {
    own.parts.finish(message);
    return;
  }
  const Application reads_as = reader_.application();
  const bool all_kept = message.bytes.size() == message.joined, encrypted = own.tls_encrypted;
  const Reading reading = reader_.read(message.bytes, all_kept, own.tls_encrypted);
  const size_t earlier = message.bytes.size() - std::min<size_t>(message.bytes.size(), part.payload.size());
  if (facts.application == Application::None) facts.tls_encrypted = encrypted;
  if (reading.wait != Reading::Wait::Nothing && reading.shown < earlier) {  // the same message is longer than it had seemed
    MessageParts::extend(message, end, reading);
    show(reads_as, own, {.shown = 0, .refused = reading.shown > 0}, facts);
    return;
  }
  own.shown = own.parts.finish(message);
  const std::vector<uint8_t> rest(own.shown.begin() + static_cast<std::ptrdiff_t>(reading.shown), own.shown.end());
  own.shown.resize(reading.shown);
  show(reads_as, own, reading, facts);
  if (reading.wait != Reading::Wait::Nothing) {
    own.parts.begin(part.sequence + static_cast<uint32_t>(reading.shown - earlier), end, reading, rest);
  }
}

/// The stream ends, and with it the message that had no other end.
void TcpStream::last_message(Direction& own, TransportFacts& facts) {
  MessageParts::Message* const message = own.parts.until_end();
  if (message == nullptr) return;
  const Application reads_as = reader_.application();
  own.shown = own.parts.finish(*message);
  const Reading reading = reader_.read(own.shown, false, own.tls_encrypted);
  show(reads_as, own, reading, facts);
}

/// Puts segments together until messages are whole.
void TcpStream::application(const TcpSegment& segment, Direction& own, bool again, TransportFacts& facts) {
  const bool ends = (segment.flags & kFin) != 0;
  own.shown.clear();
  TcpSegment part = segment;
  bool has_new = segment.payload_length > 0;
  while (has_new && !own.parts.begins_at(part.sequence)) {
    MessageParts::Message* const message = own.parts.continued_at(part.sequence);
    if (message == nullptr) {
      if (!again) begun(part, own, facts);
      break;
    }
    const uint32_t left = message->takes_next_segment ? part.payload_length : message->behind - part.sequence;
    const uint32_t length = std::min(left, part.payload_length);
    const size_t captured = std::min<size_t>(length, part.payload.size());
    TcpSegment own_part = part;
    own_part.payload = part.payload.first(captured);
    own_part.payload_length = length;
    if (!message->complete) continued(*message, own_part, own, again, facts);
    part.sequence += length;
    part.payload = part.payload.subspan(captured);
    part.payload_length -= length;
    has_new = part.payload_length > 0;
  }
  if (ends) last_message(own, facts);
  if (facts.application == Application::OpenVpn) unwrap(own, facts);
}

/// What is inside OpenVPN's messages takes their place.
void TcpStream::unwrap(Direction& own, TransportFacts& facts) {
  if (!own.openvpn) own.openvpn = std::make_unique<OpenVpn>();
  own.unwrapped.clear();
  facts.carrier = std::exchange(facts.application, Application::None);
  facts.tls_encrypted = own.tls_encrypted;
  for (auto messages = std::exchange(facts.pdus, {}); messages.size() >= kCount;) {
    const auto message = messages.first(std::min(kCount + load_be16(messages.data()), messages.size()));
    messages = messages.subspan(message.size());
    const auto tls = own.openvpn->open(message.subspan(kCount));
    const auto records = tls && !tls->empty() ? reader_.read_whole_records(*tls, own.tls_encrypted) : std::nullopt;
    if (!records) continue;
    facts.application = Application::Tls;
    own.unwrapped.insert(own.unwrapped.end(), records->begin(), records->end());
  }
  facts.tls13 = reader_.tls13();
  facts.begins_pdu = facts.application == Application::Tls && own.unwrapped.empty();
  if (facts.application == Application::Tls) facts.pdus = own.unwrapped;
}

}  // namespace wirewatch::filter
