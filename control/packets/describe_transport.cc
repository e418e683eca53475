// SPDX-License-Identifier: BSD-3-Clause
// TCP, UDP and SCTP, worded as tshark words them.
#include <array>

#include "control/packets/describe.h"
#include "control/packets/describe_memory.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {

constexpr std::string_view kArrow = " \u2192 ";

void put_ports(const ApplicationData& data, InfoText& info) noexcept {
  info.put(data.source_port, kArrow, data.destination_port);
}

void put_flags(uint16_t flags, InfoText& info) noexcept {
  constexpr std::array<std::string_view, 9> kNames{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"};
  bool first = true;
  for (size_t bit = 0; bit < kNames.size(); ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    info.put(first ? "" : ", ", kNames[bit]);
    first = false;
  }
  if (first) info.put("<None>");
}

/// RFC 9293, 7323 and 2018; what is malformed ends the list.
void put_tcp_options(std::span<const uint8_t> options, uint32_t acknowledgment_base, InfoText& info) noexcept {
  ByteReader reader(options);
  while (const auto kind = reader.u8()) {
    if (*kind == 0) return;
    if (*kind == 1) continue;
    const auto length = reader.u8();
    if (!length || *length < 2) return;
    const auto value = reader.take(*length - 2u);
    if (!value) return;
    const uint8_t* const at = value->data();
    if (*kind == 2 && value->size() == 2) info.put(" MSS=", load_be16(at));
    if (*kind == 3 && value->size() == 1) info.put(" WS=", uint32_t{1} << (at[0] > 14 ? 14 : at[0]));
    if (*kind == 4 && value->empty()) info.put(" SACK_PERM");
    if (*kind == 8 && value->size() == 8) info.put(" TSval=", load_be32(at), " TSecr=", load_be32(at + 4));
    if (*kind == 5) {
      for (size_t edge = 0; edge + 8 <= value->size(); edge += 8) {
        info.put(" SLE=", load_be32(at + edge) - acknowledgment_base, " SRE=",
                 load_be32(at + edge + 4) - acknowledgment_base);
      }
    }
  }
}

void put_tcp(const Frame& frame, const uint8_t* header, const ApplicationData& data, InfoText& info) noexcept {
  const uint16_t flags = load_be16(header + 12) & 0x1ff;
  const uint32_t sequence_base = data.stream != nullptr ? data.stream->sequence_base : 0;
  const uint32_t acknowledgment_base = data.stream != nullptr ? data.stream->acknowledgment_base : 0;
  const int shift = data.stream != nullptr && (flags & tcp_flag::kSyn) == 0 && data.stream->window_shift > 0 ? data.stream->window_shift : 0;
  put_ports(data, info);
  info.put(" [");
  put_flags(flags, info);
  info.put("] Seq=", load_be32(header + 4) - sequence_base);
  if ((flags & tcp_flag::kAck) != 0) info.put(" Ack=", load_be32(header + 8) - acknowledgment_base);
  info.put(" Win=", uint32_t{load_be16(header + 14)} << shift, " Len=", data.length);
  const size_t header_length = (header[12] >> 4) * 4u;
  const auto captured = static_cast<size_t>(frame.packet.data + frame.packet.captured_length - header);
  if (header_length > 20) {
    put_tcp_options({header + 20, std::min(header_length, captured) - 20}, acknowledgment_base, info);
  }
}

constexpr std::string_view kSegment = " [TCP segment of a reassembled PDU]";

ApplicationData application_data(const Frame& frame, DescribeMemory& memory) noexcept {
  const Layers& layers = frame.layers;
  const bool low = layers.source_is_low;
  return {.bytes = layers.payload(frame.packet),
          .length = layers.payload_length,
          .source_port = low ? layers.key.low_port : layers.key.high_port,
          .destination_port = low ? layers.key.high_port : layers.key.low_port,
          .udp = layers.key.ip_protocol != transport_number::kTcp,
          .memory = memory,
          .frame_number = frame.packet.number,
          .flow = layers.flow_hash};
}

/// The verdict of the frame's flow, unless it is a guess from the port alone.
std::string_view detected_application(const Frame& frame) noexcept {
  return frame.flow != nullptr && frame.flow->evidence > Evidence::Port ? frame.flow->application : std::string_view{};
}

/// What the rules call the protocol that the stream is put together as.
std::string_view name_of(filter::Application application) noexcept {
  switch (application) {
    case filter::Application::Tls: return "tls";
    case filter::Application::Http: return "http";
    case filter::Application::Dns: return "dns";
    default: return {};
  }
}

/// A stream whose messages the tracker puts together: those that end in this segment.
void describe_messages(const ApplicationData& segment, PacketLine& line) noexcept {
  ApplicationData data = segment;
  data.bytes = segment.stream->pdus;
  data.length = data.bytes.size();
  if (!data.bytes.empty()) {
    describe_application(name_of(segment.stream->application), data, line);
    return;
  }
  if (segment.stream->begins_pdu) {  // Wireshark has looked at it already, and waits for more
    line.info.clear();
    if (segment.stream->application == filter::Application::Http) line.info.put(Escaped{first_line(segment.bytes)}, " ");
    line.info.put(line.info.empty() ? kSegment.substr(1) : kSegment);
  } else {
    line.info.put(kSegment);
  }
}

/// How many of the bytes are whole messages.
size_t whole_messages(std::string_view application, std::span<const uint8_t> bytes) noexcept {
  size_t whole = 0;
  while (whole < bytes.size()) {
    const size_t length = message_length(application, bytes.subspan(whole));
    if (length == 0 || length > bytes.size() - whole) break;
    whole += length;
  }
  return whole;
}

/// Other messages that go over more than a segment: the line belongs to the segment that ends them.
void describe_whole_messages(std::string_view application, const ApplicationData& data, uint32_t sequence, bool from_low,
                             PacketLine& line) noexcept {
  auto& unfinished = data.memory.unfinished;
  const uint64_t key = data.flow * 2 + (from_low ? 2 : 4);
  ApplicationData rest = data;
  bool described = false;
  if (const UnfinishedMessage* const begun = unfinished.find(key)) {
    const auto left = static_cast<int32_t>(begun->end_sequence - sequence);
    if (left > 0 && static_cast<size_t>(left) > data.length) {
      line.info.put(kSegment);
      return;
    }
    if (left > 0) {
      line.protocol = begun->protocol;
      line.info.clear();
      line.info.put(begun->info());
      rest.bytes = data.bytes.subspan(std::min<size_t>(static_cast<size_t>(left), data.bytes.size()));
      described = true;
    }
    unfinished.erase(key);
  }
  const size_t whole = whole_messages(application, rest.bytes);
  const auto partial = rest.bytes.subspan(whole);
  if (whole > 0 && !described) {
    rest.bytes = rest.bytes.first(whole);
    described = describe_application(application, rest, line);
  }
  if (!partial.empty()) {
    PacketLine& begun = data.memory.scratch;
    begun.clear();
    rest.bytes = partial;
    if (describe_application(application, rest, begun)) {
      UnfinishedMessage& message = unfinished.put(key, data.frame_number);
      const auto before = static_cast<uint32_t>(partial.data() - data.bytes.data());
      message.end_sequence = sequence + before + static_cast<uint32_t>(message_length(application, partial));
      message.keep(begun.protocol, begun.info.view());
    }
  }
  if (!described) line.info.put(kSegment);
}

}  // namespace

void describe_transport(const Frame& frame, DescribeMemory& memory, PacketLine& line) noexcept {
  ApplicationData data = application_data(frame, memory);
  const Layers& layers = frame.layers;
  const uint8_t ip_protocol = layers.key.ip_protocol;
  bool resent = false;
  if (ip_protocol == transport_number::kTcp) {
    line.protocol = "TCP";
    if (const uint8_t* const header = last_header(frame, Protocol::Tcp, 20)) {
      if (frame.streams != nullptr) data.stream = frame.streams->find(static_cast<uint32_t>(header - frame.packet.data));
      resent = judge_tcp(frame, header, data, line.info).resent;
      put_tcp(frame, header, data, line.info);
    }
  } else {
    line.protocol = ip_protocol == transport_number::kUdp ? "UDP" : ip_protocol == transport_number::kUdpLite ? "UDP-Lite" : ip_protocol == transport_number::kSctp ? "SCTP" : "IP";
    put_ports(data, line.info);
    line.info.put(" Len=", data.length);
  }
  if (data.bytes.empty() || resent) return;
  if (data.stream != nullptr && !name_of(data.stream->application).empty()) return describe_messages(data, line);
  const std::string_view application = detected_application(frame);
  if (application.empty()) return;
  if (data.udp) {
    describe_application(application, data, line);
  } else {
    describe_whole_messages(application, data, layers.tcp_sequence, layers.source_is_low, line);
  }
}

}  // namespace wirewatch
