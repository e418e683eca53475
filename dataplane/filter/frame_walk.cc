// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/frame_walk.h"

#include <algorithm>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/dissect.h"
#include "dataplane/filter/fast_field.h"
#include "dataplane/filter/http_message.h"
#include "dataplane/filter/message_reader.h"
#include "dataplane/packet/parse.h"

namespace wirewatch::filter {
namespace {

constexpr unsigned kMostQuotes = 3;  // an ICMP error about an ICMP error does not happen; a hostile frame may try

constexpr std::string_view kFlowPrefix = "flow.", kHandshakePrefix = "handshake.", kFramePrefix = "frame";

Place place_of(FieldId field) noexcept { return spec(field).place; }

/// The field of that is the protocol itself, where there is one.
std::array<FieldId, static_cast<size_t>(Protocol::Count)> fields_of_protocols() {
  std::array<FieldId, static_cast<size_t>(Protocol::Count)> fields{};
  fields.fill(kFieldCount);
  for (size_t i = 0; i < kFieldCount; ++i) {
    const FieldSpec& row = kFields[i];
    if (row.type == FieldType::Protocol && row.layer != Protocol::None && row.name == name(row.layer)) {
      fields[static_cast<size_t>(row.layer)] = static_cast<FieldId>(i);
    }
  }
  return fields;
}

bool needs_stream(FieldId field) noexcept {
  const std::string_view name = spec(field).name;
  for (const std::string_view prefix : {"tcp.analysis", "tcp.time_", "udp.time_", "http", "tls"}) {
    if (name.starts_with(prefix)) return true;
  }
  for (const FieldId one : {"tcp.stream"_f, "udp.stream"_f, "tcp.seq"_f, "tcp.ack"_f, "tcp.nxtseq"_f,
                            "tcp.window_size"_f, "tcp.window_size_scalefactor"_f, "tcp.options.sack_le"_f,
                            "tcp.options.sack_re"_f, "frame.protocols"_f}) {
    if (field == one) return true;
  }
  return name == "dns" || name.starts_with("dns.");
}

bool is_flow_name(FieldId field) noexcept { return field == "flow.host"_f || field == "flow.alpn"_f || field == "flow.ja4"_f; }

}  // namespace

bool is_application_field(FieldId field) noexcept {
  const FieldSpec& row = spec(field);
  return row.layer == Protocol::None && !row.name.starts_with(kFramePrefix) && !row.name.starts_with(kFlowPrefix) &&
         !row.name.starts_with(kHandshakePrefix);
}

FrameWalk::FrameWalk(std::span<const FieldId> wanted) : sink_(wanted), protocol_fields_(fields_of_protocols()) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    const FieldSpec& row = spec(wanted[i]);
    const auto protocol = static_cast<size_t>(row.layer);
    if (row.layer == Protocol::None) {
      const bool handshake = row.name.starts_with(kHandshakePrefix);
      if (row.name.starts_with(kFlowPrefix) || handshake) {
        wants_flow_ = needs_.flow = true;
        const bool service = row.name.starts_with("flow.service"), name = service || is_flow_name(wanted[i]);
        needs_.whole_flow |= row.name == "flow.packets" || row.name == "flow.bytes" || handshake || name;
        needs_.names |= name;
        needs_.services |= service;
      } else if (row.name.starts_with(kFramePrefix)) {
        wants_frame_ = true;
        needs_.times |= row.name.starts_with("frame.time_") && row.name != "frame.time_epoch";
      } else {
        wants_application_ = wants_headers_ = true;
      }
    } else {
      wants_headers_ = true;
      wants_application_ |= row.layer == Protocol::Gtp;
      if (place_of(wanted[i]).width != 0) {
        fixed_[protocol].push_back({row.place, row.type, static_cast<uint16_t>(i)});
      } else if (row.type != FieldType::Protocol || row.name != name(row.layer)) {
        by_code_[protocol] = true;
        if (row.layer == Protocol::Pppoes) by_code_[static_cast<size_t>(Protocol::Pppoed)] = true;
      }
    }
    needs_.streams |= needs_stream(wanted[i]);
  }
  if (wants_headers_) defragmenter_.emplace();
  if (sink_.wants_any("ah"_f, "ah.sequence"_f) || sink_.wants("ip.version"_f)) by_code_[static_cast<size_t>(Protocol::Ipv6)] = true;
}

void FrameWalk::run(const Frame& frame) noexcept {
  sink_.clear();
  if (wants_frame_) frame_fields(frame);
  if (wants_flow_ && frame.flow != nullptr) flow_fields(frame);
  if (!wants_headers_) return;
  seen_.fill(0);
  if (fragment_ == Defragmenter::Outcome::Whole) {
    return walk_layers(frame, frame.packet, frame.layers, {0, frame.layers.depth, 0, 0});
  }
  // The fragment itself shows its IP header; what the datagram carries follows in the frame that completes it.
  walk_layers(frame, frame.packet, frame.layers, {0, static_cast<uint8_t>(defragmenter_->depth() + 1), 0, 0});
  if (fragment_ != Defragmenter::Outcome::Complete) return;
  const Layers& layers = defragmenter_->layers();
  walk_layers(frame, defragmenter_->datagram(), layers, {1, layers.depth, kNotInTheFrame, 0});
}

void FrameWalk::observe(const Frame& frame) noexcept {
  if (!defragmenter_) return;
  fragment_ = may_be_fragment(frame.layers, frame.packet) ? defragmenter_->observe(frame.packet, frame.layers)
                                                          : Defragmenter::Outcome::Whole;
}

void FrameWalk::frame_fields(const Frame& frame) noexcept {
  const Packet& packet = frame.packet;
  const auto since = [&](FieldId field, Timestamp earlier) {
    if (packet.time != kNoTimestamp && earlier != kNoTimestamp) sink_.add(field, Value::of_signed(packet.time.since(earlier)));
  };
  sink_.set_layer(1);
  sink_.add_protocol("frame"_f, packet.bytes());
  sink_.add("frame.number"_f, packet.number);
  sink_.add("frame.len"_f, packet.original_length);
  sink_.add("frame.cap_len"_f, packet.captured_length);
  sink_.add("frame.marked"_f, uint64_t{0});
  sink_.add("frame.ignored"_f, uint64_t{0});
  if (packet.time != kNoTimestamp) {
    sink_.add("frame.time"_f, Value::of_signed(packet.time.ns));
    sink_.add("frame.time_epoch"_f, Value::of_signed(packet.time.ns));
  }
  const bool first = frame.previous_time == kNoTimestamp;
  since("frame.time_delta"_f, first ? packet.time : frame.previous_time);
  since("frame.time_delta_displayed"_f,
        frame.previous_displayed_time == kNoTimestamp ? packet.time : frame.previous_displayed_time);
  since("frame.time_relative"_f, frame.first_time == kNoTimestamp ? packet.time : frame.first_time);
  if (sink_.wants("frame.protocols"_f)) protocol_names(frame);
}

/// Which of the application protocols we read is in the frame.
Application FrameWalk::application_in(const Frame& frame) const noexcept {
  if (frame.streams != nullptr && frame.streams->count > 0) {
    const TransportFacts& innermost = frame.streams->transports[frame.streams->count - 1u];
    if (innermost.application != Application::None) return innermost.application;
    if (innermost.carrier != Application::None) return Application::None;
  }
  const Layers& layers = frame.layers;
  if (layers.depth == 0 || layers.protocols[layers.depth - 1u] != Protocol::Udp || !layers.has_flow) return Application::None;
  return application_of(Protocol::Udp, layers.key.low_port, layers.key.high_port, layers.payload(frame.packet), layers.payload_length);
}

/// As tshark lists them down to the payload, with its "ethertype" behind Ethernet.
void FrameWalk::protocol_names(const Frame& frame) noexcept {
  const auto room = sink_.text(1024);
  size_t length = 0;
  const auto append = [&](std::string_view text) {
    if (room.size() < length + text.size() + 1) return;
    if (length > 0) room[length++] = ':';
    for (const char c : text) room[length++] = static_cast<uint8_t>(c);
  };
  for (uint8_t i = 0; i < frame.layers.depth; ++i) {
    append(name(frame.layers.protocols[i]));
    const bool typed = frame.layers.protocols[i] == Protocol::Eth || frame.layers.protocols[i] == Protocol::Vlan;
    const Protocol next = i + 1 < frame.layers.depth ? frame.layers.protocols[i + 1u] : Protocol::None;
    if (typed && next != Protocol::Llc && next != Protocol::None) append("ethertype");
  }
  if (frame.streams != nullptr && frame.streams->count > 0) {
    const Application carrier = frame.streams->transports[frame.streams->count - 1u].carrier;
    if (carrier != Application::None) append(name(carrier));
  }
  const Application application = application_in(frame);
  if (application != Application::None) append(name(application));
  sink_.add("frame.protocols"_f, sink_.keep(length));
}

void FrameWalk::flow_fields(const Frame& frame) noexcept {
  const FlowContext& flow = *frame.flow;
  sink_.set_layer(1);
  const auto text = [&](FieldId field, std::string_view words) {
    if (!words.empty()) sink_.add(field, std::span(reinterpret_cast<const uint8_t*>(words.data()), words.size()));
  };
  const auto duration = [&](FieldId field, int64_t ns) {
    if (ns != kNoDuration) sink_.add(field, Value::of_signed(ns));
  };
  text("flow.application"_f, flow.application);
  text("flow.category"_f, flow.category);
  text("flow.host"_f, flow.host);
  text("flow.service"_f, flow.service);
  text("flow.service_category"_f, flow.service_category);
  text("flow.alpn"_f, flow.alpn);
  text("flow.ja4"_f, flow.ja4);
  if (flow.evidence != Evidence::None) text("flow.evidence"_f, to_string(flow.evidence));
  sink_.add("flow.packets"_f, flow.packets);
  sink_.add("flow.bytes"_f, flow.bytes);
  if (!flow.has_handshake) return;
  duration("handshake.syn_ack_rtt"_f, flow.syn_ack_rtt_ns);
  duration("handshake.ack_rtt"_f, flow.ack_rtt_ns);
  duration("handshake.initial_rtt"_f, flow.initial_rtt_ns);
  sink_.add("handshake.ambiguous"_f, flow.ambiguous);
  text("handshake.outcome"_f, flow.outcome);
  sink_.add("handshake.syn_retransmissions"_f, flow.syn_retransmissions);
  sink_.add("handshake.syn_ack_retransmissions"_f, flow.syn_ack_retransmissions);
}

/// The bytes of a protocol go to the end of what it carries; what len() says of them, of some only to their header.
static Value protocol_value(Protocol protocol, std::span<const uint8_t> bytes) noexcept {
  Value value = Value::of(bytes);
  switch (protocol) {
    case Protocol::Eth: value.number = 14; break;
    case Protocol::Ip: value.number = bytes.empty() ? 0 : (bytes[0] & 0x0fu) * 4u; break;
    case Protocol::Ipv6: value.number = 40; break;
    case Protocol::Udp: value.number = 8; break;
    default: value.number = bytes.size(); break;
  }
  return value;
}

/// What of a header its own lengths leave to the fields: tshark stops where a length cannot be right.
static std::span<const uint8_t> believable(Protocol protocol, std::span<const uint8_t> bytes) noexcept {
  if (bytes.empty()) return bytes;
  if (protocol == Protocol::Ip) {
    const size_t header_length = (bytes[0] & 0x0fu) * 4u;
    if (bytes[0] >> 4 != 4 || header_length < 20) return bytes.first(1);
    if (bytes.size() < 4) return bytes;
    const size_t total = load_be16(bytes.data() + 2);
    if (total != 0 && total < header_length) return bytes.first(4);
  }
  if (protocol == Protocol::Tcp) {  // all of the header up to the window is read before the first field is shown
    if (bytes.size() < 16) return bytes.first(std::min<size_t>(bytes.size(), 4));
    if ((bytes[12] >> 4) < 5) return bytes.first(4);
  }
  return bytes;
}

void FrameWalk::fixed_fields(Protocol protocol, std::span<const uint8_t> bytes) noexcept {
  for (const Fixed& fixed : fixed_[static_cast<size_t>(protocol)]) {
    const size_t offset = fixed.place.offset, width = fixed.place.width;
    if (bytes.size() < offset + width) continue;
    if (width == 6 || width == 16) {
      sink_.add_slot(fixed.slot, Value::of(bytes.subspan(offset, width)));
      continue;
    }
    sink_.add_slot(fixed.slot, Value::of(read_place(fixed.place, fixed.type == FieldType::Boolean, bytes.data())));
  }
}

void FrameWalk::walk_layers(const Frame& frame, const Packet& packet, const Layers& layers, const Part& part) noexcept {
  const unsigned quotes = part.quotes;
  size_t end = packet.captured_length, wire_end = std::max(packet.original_length, packet.captured_length);
  const auto limit = [&](size_t at, size_t length) {
    end = std::min(end, at + length);
    wire_end = std::max(std::min(wire_end, at + length), end);
  };
  bool overlong = false;
  for (uint8_t i = part.first; i < part.behind; ++i) {
    const Protocol protocol = layers.protocols[i];
    const size_t offset = layers.offsets[i];
    if (offset > end || (offset == end && (protocol == Protocol::Tcp || protocol == Protocol::Udp))) return;
    const auto bytes = std::span(packet.data + offset, end - offset);
    if (protocol == Protocol::Ip && bytes.size() >= 4) {
      if (bytes[0] >> 4 == 6) continue;  // the parser reads on as IPv6 at the same place
      const size_t total = load_be16(bytes.data() + 2);
      overlong = total > wire_end - offset && (part.quotes > 0 || i == 0 || !layers.tunneled || offset == layers.outer_offset);
      if (total != 0) limit(offset, total);
    } else if (protocol == Protocol::Ipv6 && bytes.size() > 6) {
      const size_t payload = load_be16(bytes.data() + 4);
      overlong = payload + 40 > wire_end - offset;
      constexpr uint8_t kHopByHop = 0;  // where a jumbogram has its length; without one tshark takes no length for no payload
      if (payload != 0 || bytes[6] != kHopByHop) limit(offset + 40, payload);
    } else if (protocol == Protocol::Udp && bytes.size() >= 6) {
      if (const size_t length = load_be16(bytes.data() + 4); length >= 8 && length < wire_end - offset) limit(offset, length);
    } else if (protocol == Protocol::Pppoes && bytes.size() >= 6) {
      limit(offset + 6, load_be16(bytes.data() + 4));
    } else if (protocol == Protocol::Eth && bytes.size() >= 14 && load_be16(bytes.data() + 12) <= 1500) {
      limit(offset + 14, load_be16(bytes.data() + 12));
    }
    const auto index = static_cast<size_t>(protocol == Protocol::UdpLite ? Protocol::Udp : protocol);  // the same fields
    const bool tcp_or_udp = protocol == Protocol::Tcp || protocol == Protocol::Udp;
    sink_.set_layer(++seen_[index]);
    Header header{bytes.first(std::min(bytes.size(), end - offset)), wire_end - offset,
                  part.base + static_cast<uint32_t>(offset), quotes > 0 && !part.carried, part.carried, overlong || part.sampled};
    if (protocol == Protocol::Eth) header.bytes = bytes;  // its trailer counts as part of it
    const FieldId own = protocol_fields_[static_cast<size_t>(protocol)];
    if (own != kFieldCount) sink_.add(own, protocol_value(protocol, header.bytes));
    if (!fixed_[index].empty()) fixed_fields(protocol, believable(protocol, header.bytes));
    const bool icmp = protocol == Protocol::Icmp || protocol == Protocol::Icmpv6;
    const bool last = i + 1 == part.behind;
    if (by_code_[index] || icmp || (wants_application_ && tcp_or_udp && last)) {
      if (protocol == Protocol::Sll) {
        if (by_code_[index]) dissect_sll(header, packet.link_type, sink_);
      } else {
        header_fields(frame, protocol, header, quotes);
      }
    }
    const bool unopened = last || layers.protocols[i + 1u] == Protocol::Data;
    if (unopened && (protocol == Protocol::Udp || protocol == Protocol::Gre)) carried_packets(frame, protocol, header, quotes);
  }
}

void FrameWalk::header_fields(const Frame& frame, Protocol protocol, const Header& header, unsigned quotes) noexcept {
  switch (protocol) {
    case Protocol::Eth: return dissect_eth(header, sink_);
    case Protocol::Vlan: return dissect_vlan(header, sink_);
    case Protocol::Llc: return dissect_llc(header, sink_);
    case Protocol::Arp: return dissect_arp(header, sink_);
    case Protocol::Pppoes:
    case Protocol::Pppoed: return dissect_pppoe(header, sink_);
    case Protocol::Ppp: return dissect_ppp(header, sink_);
    case Protocol::Ip: return dissect_ip({believable(protocol, header.bytes), header.wire_length, 0, header.quoted, header.carried, header.overlong}, sink_);
    case Protocol::Ipv6: return dissect_ipv6(header, sink_);
    case Protocol::Igmp: return dissect_igmp(header, sink_);
    case Protocol::Gre: return dissect_gre(header, sink_);
    case Protocol::Ah: return dissect_ah(header, sink_);
    case Protocol::Sctp: return dissect_sctp(header, sink_);
    case Protocol::Icmp:
      if (by_code_[static_cast<size_t>(protocol)]) dissect_icmp(header, sink_);
      return quoted_packet(frame, header, false, quotes);
    case Protocol::Icmpv6:
      if (by_code_[static_cast<size_t>(protocol)]) dissect_icmpv6(header, sink_);
      return quoted_packet(frame, header, true, quotes);
    case Protocol::Tcp:
    case Protocol::Udp:
    case Protocol::UdpLite: {
      const TransportFacts* facts = frame.streams != nullptr ? frame.streams->find(header.frame_offset) : nullptr;
      if (by_code_[static_cast<size_t>(protocol == Protocol::Tcp ? protocol : Protocol::Udp)]) {
        if (protocol == Protocol::Tcp) dissect_tcp(header, facts, frame.packet.time, sink_);
        if (protocol != Protocol::Tcp) dissect_udp(header, facts, frame.packet.time, sink_);
      }
      if (wants_application_ && protocol != Protocol::UdpLite) application_fields(protocol, header, facts);
      return;
    }
    default: return;
  }
}

void FrameWalk::application_fields(Protocol transport, const Header& header, const TransportFacts* facts) noexcept {
  const auto bytes = header.bytes;
  const bool begins = facts != nullptr && facts->begins_pdu;
  if (begins) {  // tshark names TLS in the frame where a record begins, though it shows nothing of it
    sink_.set_layer(1);
    sink_.add_protocol("tls"_f, bytes);
  }
  if (transport == Protocol::Tcp) {
    if (header.quoted || header.carried) return stateless_application(header);
    if (facts == nullptr || facts->application == Application::None) return;
    if (facts->inside_http) sink_.add_protocol("http"_f, facts->pdus);
    dissect_application(facts->application, {.over_tcp = true, .tls13 = facts->tls13, .tls_encrypted = facts->tls_encrypted}, facts->pdus, sink_);
    return;
  }
  if (bytes.size() <= 8) return;
  const auto payload = bytes.subspan(8);
  if (sink_.wants_any("gtp"_f, "gtp.teid"_f)) gtp_message(load_be16(bytes.data()), load_be16(bytes.data() + 2), payload);
  if (facts != nullptr && facts->carries_tls) {
    sink_.set_layer(1);
    sink_.add_protocol("tls"_f, payload);
  }
  if (facts != nullptr && facts->carrier == Application::Quic) {
    sink_.set_layer(1);
    return dissect_dns(facts->pdus, facts->application, true, sink_);
  }
  if (facts != nullptr && facts->carrier != Application::None) {
    return dissect_application(facts->application, {.tls13 = facts->tls13, .tls_encrypted = facts->tls_encrypted}, facts->pdus, sink_);
  }
  const Application which = application_of(transport, load_be16(bytes.data()), load_be16(bytes.data() + 2), payload, header.wire_length - 8);
  dissect_application(which, {}, payload, sink_);
}

/// What is inside another packet belongs to no conversation: its segment is read for itself, by the ports.
void FrameWalk::stateless_application(const Header& header) noexcept {
  constexpr size_t kTcpHeader = 20;
  if (header.bytes.size() < kTcpHeader) return;
  const size_t header_length = (header.bytes[12] >> 4) * 4u;
  if (header_length < kTcpHeader || header.bytes.size() <= header_length) return;
  const auto payload = header.bytes.subspan(header_length);
  const Application which = application_of_segment(load_be16(header.bytes.data()), load_be16(header.bytes.data() + 2), payload);
  if (which == Application::Http && !begins_http_message(payload)) return;
  dissect_application(which, {.over_tcp = true}, payload, sink_);
}

void FrameWalk::carried_packets(const Frame& frame, Protocol protocol, const Header& header, unsigned quotes) noexcept {
  const auto bytes = header.bytes;
  constexpr size_t kUdpHeader = 8;
  if (quotes == kMostQuotes || bytes.size() <= kUdpHeader) return;
  const uint16_t source = load_be16(bytes.data()), destination = load_be16(bytes.data() + 2);
  if (protocol == Protocol::Udp && !may_carry_packets(source, destination)) return;
  const CarriedPackets carried = protocol == Protocol::Udp ? carried_in_udp(source, destination, bytes.subspan(kUdpHeader)) : carried_in_gre(bytes);
  for (const CarriedPacket& one : carried.all()) {
    Packet packet = frame.packet;
    packet.data = one.bytes.data();
    packet.captured_length = static_cast<uint32_t>(one.bytes.size());
    packet.original_length = static_cast<uint32_t>(std::max(one.wire_length, one.bytes.size()));
    packet.link_type = one.link_type;
    Layers layers;
    parse(packet, {}, layers);
    walk_layers(frame, packet, layers, {0, layers.depth, header.frame_offset + static_cast<uint32_t>(one.bytes.data() - bytes.data()), quotes + 1, true, carried.sampled});
  }
}

/// What the parser does not open: GTP version 1 that carries no packet (3GPP TS 29.060).
void FrameWalk::gtp_message(uint16_t source, uint16_t destination, std::span<const uint8_t> payload) noexcept {
  constexpr uint16_t kControl = 2123, kUser = 2152;
  const bool port = source == kControl || source == kUser || destination == kControl || destination == kUser;
  if (!port || payload.size() < 8 || payload[0] >> 5 != 1) return;
  sink_.set_layer(1);
  sink_.add_protocol("gtp"_f, payload);
  fixed_fields(Protocol::Gtp, payload);
}

/// RFC 792 and RFC 4443: an error brings the packet it is about.
void FrameWalk::quoted_packet(const Frame& frame, const Header& header, bool ipv6, unsigned quotes) noexcept {
  constexpr size_t kQuoteAt = 8;
  constexpr uint16_t kLinkTypeIpv4 = 228, kLinkTypeIpv6 = 229;
  if (quotes == kMostQuotes || header.bytes.size() <= kQuoteAt) return;
  const uint8_t type = header.bytes[0];
  const bool error = ipv6 ? type >= 1 && type <= 4 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
  if (!error) return;
  const auto quote = header.bytes.subspan(kQuoteAt);
  Packet packet = frame.packet;
  packet.data = quote.data();
  packet.captured_length = static_cast<uint32_t>(quote.size());
  packet.original_length = static_cast<uint32_t>(std::max(header.wire_length - kQuoteAt, quote.size()));
  packet.link_type = ipv6 ? kLinkTypeIpv6 : kLinkTypeIpv4;
  Layers layers;
  parse(packet, {}, layers);
  walk_layers(frame, packet, layers, {0, layers.depth, header.frame_offset + static_cast<uint32_t>(kQuoteAt), quotes + 1});
}

}  // namespace wirewatch::filter
