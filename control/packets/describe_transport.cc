// SPDX-License-Identifier: BSD-3-Clause
// TCP, UDP and SCTP, worded as tshark words them.
#include <array>

#include "control/packets/describe.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17, kUdpLite = 136, kSctp = 132;
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
  constexpr uint16_t kSyn = 0x02, kAck = 0x10;
  const uint16_t flags = load_be16(header + 12) & 0x1ff;
  const uint32_t sequence_base = data.stream != nullptr ? data.stream->sequence_base : 0;
  const uint32_t acknowledgment_base = data.stream != nullptr ? data.stream->acknowledgment_base : 0;
  const int shift = data.stream != nullptr && (flags & kSyn) == 0 && data.stream->window_shift > 0 ? data.stream->window_shift : 0;
  put_ports(data, info);
  info.put(" [");
  put_flags(flags, info);
  info.put("] Seq=", load_be32(header + 4) - sequence_base);
  if ((flags & kAck) != 0) info.put(" Ack=", load_be32(header + 8) - acknowledgment_base);
  info.put(" Win=", uint32_t{load_be16(header + 14)} << shift, " Len=", data.length);
  const size_t header_length = (header[12] >> 4) * 4u;
  const auto captured = static_cast<size_t>(frame.packet.data + frame.packet.captured_length - header);
  if (header_length > 20) {
    put_tcp_options({header + 20, std::min(header_length, captured) - 20}, acknowledgment_base, info);
  }
}

ApplicationData application_data(const Frame& frame) noexcept {
  const Layers& layers = frame.layers;
  const bool low = layers.source_is_low;
  return {.bytes = layers.payload(frame.packet),
          .length = layers.payload_length,
          .source_port = low ? layers.key.low_port : layers.key.high_port,
          .destination_port = low ? layers.key.high_port : layers.key.low_port,
          .udp = layers.key.ip_protocol != kTcp};
}

/// The verdict of the frame's flow, unless it is a guess from the port alone.
std::string_view detected_application(const Frame& frame) noexcept {
  return frame.flow != nullptr && frame.flow->evidence > Evidence::Port ? frame.flow->application : std::string_view{};
}

}  // namespace

void describe_transport(const Frame& frame, PacketLine& line) noexcept {
  ApplicationData data = application_data(frame);
  const uint8_t ip_protocol = frame.layers.key.ip_protocol;
  if (ip_protocol == kTcp) {
    line.protocol = "TCP";
    if (const uint8_t* const header = last_header(frame, Protocol::Tcp, 20)) {
      if (frame.streams != nullptr) data.stream = frame.streams->find(static_cast<uint32_t>(header - frame.packet.data));
      put_tcp(frame, header, data, line.info);
    }
  } else {
    line.protocol = ip_protocol == kUdp ? "UDP" : ip_protocol == kUdpLite ? "UDP-Lite" : ip_protocol == kSctp ? "SCTP" : "IP";
    put_ports(data, line.info);
    line.info.put(" Len=", data.length);
  }
  if (data.bytes.empty()) return;
  if (data.stream != nullptr && data.stream->application != filter::Application::None) {
    data.bytes = data.stream->pdus;  // put together from the segments before
    if (data.bytes.empty()) {
      line.info.put(" [TCP segment of a reassembled PDU]");
      return;
    }
  }
  const std::string_view application = detected_application(frame);
  if (!application.empty()) describe_application(application, data, line);
}

}  // namespace wirewatch
