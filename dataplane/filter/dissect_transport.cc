// SPDX-License-Identifier: BSD-3-Clause
// TCP with its options, UDP, SCTP.
#include "dataplane/base/byte_order.h"
#include "dataplane/filter/dissect.h"

namespace wirewatch::filter {
namespace {

constexpr size_t kTcpHeader = 20;

/// As tshark writes them: a letter for each flag that is set, a middle dot for each that is not.
void flag_letters(uint16_t flags, FieldSink& sink) noexcept {
  if (!sink.wants("tcp.flags.str"_f)) return;
  constexpr std::string_view kLetters = "RRRACEUAPRSF";
  constexpr std::string_view kDot = "\xc2\xb7";
  const auto room = sink.text(kLetters.size() * kDot.size());
  if (room.empty()) return;
  size_t length = 0;
  for (size_t i = 0; i < kLetters.size(); ++i) {
    if ((flags >> (kLetters.size() - 1 - i) & 1) != 0) {
      room[length++] = static_cast<uint8_t>(kLetters[i]);
    } else {
      for (const char c : kDot) room[length++] = static_cast<uint8_t>(c);
    }
  }
  sink.add("tcp.flags.str"_f, sink.keep(length));
}

/// RFC 2018: pairs of edges of what has arrived out of order.
void sack_blocks(std::span<const uint8_t> option, uint32_t base, FieldSink& sink) noexcept {
  uint64_t count = 0;
  for (size_t at = 2; option.size() >= at + 8; at += 8, ++count) {
    sink.add("tcp.options.sack_le"_f, load_be32(option.data() + at) - base);
    sink.add("tcp.options.sack_re"_f, load_be32(option.data() + at + 4) - base);
  }
  sink.add("tcp.options.sack.count"_f, count);
}

/// RFC 9293 3.1, RFC 7323.
void options(std::span<const uint8_t> all, uint32_t acknowledgment_base, FieldSink& sink) noexcept {
  constexpr uint8_t kEnd = 0, kNothing = 1, kMss = 2, kWindowScale = 3, kSackPermitted = 4, kSack = 5, kTimestamps = 8;
  for (size_t at = 0; at < all.size();) {
    const uint8_t kind = all[at];
    sink.add("tcp.option_kind"_f, kind);
    if (kind == kNothing || kind == kEnd) {
      sink.add_protocol(kind == kEnd ? "tcp.options.eol"_f : "tcp.options.nop"_f, all.subspan(at, 1));
      ++at;
      continue;
    }
    if (at + 1 >= all.size()) return;
    const size_t length = all[at + 1];
    if (length < 2 || length > all.size() - at) return;
    sink.add("tcp.option_len"_f, length);
    const auto option = all.subspan(at, length);
    const uint8_t* value = option.data() + 2;
    at += length;
    if (kind == kMss && length == 4) {
      sink.add_protocol("tcp.options.mss"_f, option);
      sink.add("tcp.options.mss_val"_f, load_be16(value));
    } else if (kind == kWindowScale && length == 3) {
      sink.add_protocol("tcp.options.wscale"_f, option);
      sink.add("tcp.options.wscale.shift"_f, *value);
      constexpr uint8_t kMostShift = 14;
      sink.add("tcp.options.wscale.multiplier"_f, uint64_t{1} << std::min(*value, kMostShift));
    } else if (kind == kSackPermitted && length == 2) {
      sink.add_protocol("tcp.options.sack_perm"_f, option);
    } else if (kind == kSack) {
      sink.add_protocol("tcp.options.sack"_f, option);
      sack_blocks(option, acknowledgment_base, sink);
    } else if (kind == kTimestamps && length == 10) {
      sink.add_protocol("tcp.options.timestamp"_f, option);
      sink.add("tcp.options.timestamp.tsval"_f, load_be32(value));
      sink.add("tcp.options.timestamp.tsecr"_f, load_be32(value + 4));
    }
  }
}

void times(const TransportFacts& facts, Timestamp time, FieldId relative, FieldId delta, FieldSink& sink) noexcept {
  sink.add(relative, Value::of_signed(time.since(facts.first_time)));
  sink.add(delta, Value::of_signed(time.since(facts.previous_time)));
}

void stream_facts(const TransportFacts& facts, Timestamp time, FieldSink& sink) noexcept {
  sink.add("tcp.stream"_f, facts.stream);
  times(facts, time, "tcp.time_relative"_f, "tcp.time_delta"_f, sink);
  if (facts.analysed) sink.add("tcp.analysis"_f, 1);
  if (facts.acknowledges) {
    sink.add("tcp.analysis.acks_frame"_f, facts.acked_frame);
    if (facts.ack_rtt_ns != 0) sink.add("tcp.analysis.ack_rtt"_f, Value::of_signed(facts.ack_rtt_ns));
  }
  if (facts.has_initial_rtt) sink.add("tcp.analysis.initial_rtt"_f, Value::of_signed(facts.initial_rtt_ns));
}

}  // namespace

void dissect_tcp(const Header& header, const TransportFacts* facts, Timestamp time, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 4) return;
  const uint8_t* at = bytes.data();
  sink.add("tcp.port"_f, load_be16(at));
  sink.add("tcp.port"_f, load_be16(at + 2));
  // What an ICMP error over IPv4 quotes often ends behind the sequence number, so tshark shows it first, as it stands.
  if (header.quoted && bytes.size() >= 8) sink.add("tcp.seq"_f, load_be32(at + 4));
  if (bytes.size() < 16) return;
  const uint32_t sequence = load_be32(at + 4), acknowledgment = load_be32(at + 8);
  const uint16_t flags = load_be16(at + 12) & 0x0fff;
  const size_t header_length = (at[12] >> 4) * 4u;
  if (facts != nullptr) stream_facts(*facts, time, sink);
  sink.add("tcp.hdr_len"_f, header_length);
  const uint32_t sequence_base = facts != nullptr ? facts->sequence_base : 0;
  const uint32_t acknowledgment_base = facts != nullptr ? facts->acknowledgment_base : 0;
  constexpr uint16_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
  const bool has_length = !header.overlong && header.wire_length >= header_length;  // else tshark trusts no numbers
  const size_t length = has_length ? header.wire_length - header_length : 0;
  if (has_length) sink.add("tcp.len"_f, length);
  if (!header.quoted) sink.add("tcp.seq"_f, sequence - sequence_base);
  if (has_length) sink.add("tcp.seq_raw"_f, sequence);
  if (header_length < kTcpHeader) return;
  if (has_length) {
    const uint32_t consumed = (flags & (kSyn | kFin)) != 0 ? 1 : 0;
    sink.add("tcp.nxtseq"_f, static_cast<uint32_t>(sequence - sequence_base + length + consumed));
  }
  sink.add("tcp.ack"_f, (flags & kAck) != 0 ? acknowledgment - acknowledgment_base : acknowledgment);
  sink.add("tcp.ack_raw"_f, acknowledgment);
  flag_letters(flags, sink);
  if ((flags & kSyn) != 0) sink.add((flags & kAck) != 0 ? "tcp.connection.synack"_f : "tcp.connection.syn"_f, 1);
  if ((flags & kFin) != 0) sink.add("tcp.connection.fin"_f, 1);
  if ((flags & kRst) != 0) sink.add("tcp.connection.rst"_f, 1);
  const uint32_t window = load_be16(at + 14);
  const bool scaled = (flags & kSyn) == 0 && facts != nullptr && facts->window_shift >= 0;
  sink.add("tcp.window_size"_f, scaled ? window << facts->window_shift : window);
  if ((flags & kSyn) == 0 && facts != nullptr) {
    const int64_t factor = facts->window_shift >= 0 ? int64_t{1} << facts->window_shift : facts->window_shift;
    sink.add("tcp.window_size_scalefactor"_f, Value::of_signed(factor));
  }
  if (header_length > kTcpHeader && bytes.size() > kTcpHeader) {
    const auto all = bytes.subspan(kTcpHeader, std::min(header_length, bytes.size()) - kTcpHeader);
    sink.add("tcp.options"_f, all);
    options(all, acknowledgment_base, sink);
  }
  const bool has_payload = !has_length || length > 0;
  if (has_payload && bytes.size() > header_length) sink.add("tcp.payload"_f, bytes.subspan(header_length));
}

void dissect_udp(const Header& header, const TransportFacts* facts, Timestamp time, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 4) return;
  sink.add("udp.port"_f, load_be16(bytes.data()));
  sink.add("udp.port"_f, load_be16(bytes.data() + 2));
  if (facts != nullptr) {
    sink.add("udp.stream"_f, facts->stream);
    if (!header.quoted) times(*facts, time, "udp.time_relative"_f, "udp.time_delta"_f, sink);
  }
  if (bytes.size() > 8) sink.add("udp.payload"_f, bytes.subspan(8));
}

/// RFC 9260.
void dissect_sctp(const Header& header, FieldSink& sink) noexcept {
  const auto bytes = header.bytes;
  if (bytes.size() < 4) return;
  sink.add("sctp.port"_f, load_be16(bytes.data()));
  sink.add("sctp.port"_f, load_be16(bytes.data() + 2));
  constexpr uint8_t kData = 0, kInit = 1;
  for (size_t at = 12; bytes.size() >= at + 4;) {
    const uint8_t* chunk = bytes.data() + at;
    const size_t length = load_be16(chunk + 2), left = bytes.size() - at;
    sink.add("sctp.chunk_type"_f, chunk[0]);
    sink.add("sctp.chunk_flags"_f, chunk[1]);
    sink.add("sctp.chunk_length"_f, length);
    if (chunk[0] == kData && left >= 16) {
      sink.add("sctp.data_tsn_raw"_f, load_be32(chunk + 4));
      sink.add("sctp.data_sid"_f, load_be16(chunk + 8));
      sink.add("sctp.data_ssn"_f, load_be16(chunk + 10));
      sink.add("sctp.data_payload_proto_id"_f, load_be32(chunk + 12));
    }
    if (chunk[0] == kInit && left >= 8) sink.add("sctp.init_initiate_tag"_f, load_be32(chunk + 4));
    if (length < 4) return;
    at += (length + 3) & ~size_t{3};
  }
}

}  // namespace wirewatch::filter
