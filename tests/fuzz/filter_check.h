// SPDX-License-Identifier: BSD-3-Clause
// What must hold for any bytes at all that are taken for a display filter, and for any frame it is asked about. Run by
// the fuzzer and, over its past crashes, by the unit tests.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/filter/field_reader.h"
#include "dataplane/filter/filter.h"
#include "dataplane/filter/key_log.h"
#include "dataplane/filter/openvpn.h"
#include "dataplane/filter/quic_session.h"
#include "dataplane/filter/rdp_udp.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"
#include "dataplane/quic/frames.h"

namespace wirewatch::fuzz {

/// The column an error names; 0 when it names none.
inline size_t column_of(std::string_view message) {
  constexpr std::string_view kBefore = "(column ";
  const size_t at = message.rfind(kBefore);
  size_t column = 0;
  if (at == std::string_view::npos) return 0;
  std::from_chars(message.data() + at + kBefore.size(), message.data() + message.size(), column);
  return column;
}

/// What is inside other protocols and behind secrets, which a frame of random bytes hardly reaches: read from the bytes themselves.
inline std::string check_inner_readers(std::string_view text, std::span<const uint8_t> bytes) {
  const auto inside = [](std::span<const uint8_t> part, std::span<const uint8_t> whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
  };
  filter::KeyLog log;
  log.add(text);
  log.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  filter::OpenVpn openvpn;
  filter::RdpUdp rdp;
  for (int again = 0; again < 3; ++again) {
    const auto message = openvpn.open(bytes), data = rdp.open(bytes);
    if (message && message->size() > 3 * bytes.size()) return "OpenVPN gave more than it got";
    if (data && data->size() > bytes.size()) return "RDP gave more than it got";
  }
  bool fits = true;
  quic::for_each_data_frame(bytes, [&](const quic::DataFrame& frame) { fits &= inside(frame.bytes, bytes); });
  if (!fits) return "a QUIC frame reaches out of its packet";
  filter::KeyLog known;
  known.add("CLIENT_TRAFFIC_SECRET_0 " + std::string(64, '1') + " " + std::string(64, '2'));
  filter::QuicSession session;
  filter::QuicContent content;
  session.take_hello(quic::Side::Client, 0, std::vector<uint8_t>(38, 0x11));
  session.take_hello(quic::Side::Server, 0, bytes);
  if (const auto packet = quic::read_long_packet(bytes, true)) session.read_long(*packet, quic::Side::Server, known, content);
  session.read_short(bytes, quic::Side::Client, known, false, content);
  return {};
}

/// Empty when all is well. The filter ends at the first newline; a byte chooses the link type, the rest is two frames of
/// one capture.
inline std::string check_filter(std::span<const uint8_t> bytes) {
  const auto end = std::ranges::find(bytes, uint8_t{'\n'});
  const std::string text(bytes.begin(), end);
  FilterNames names;
  names.applications = {"bittorrent", "dns-over-tls", "tls"};
  auto compiled = Filter::compile(text, names);
  if (!compiled) {
    const size_t column = column_of(compiled.error().message);
    return column >= 1 && column <= text.size() + 1 ? "" : "an error without a place in the filter: " + compiled.error().message;
  }
  if (end == bytes.end()) return {};
  const auto rest = bytes.subspan(static_cast<size_t>(end - bytes.begin()) + 1);
  if (rest.empty()) return {};
  if (std::string fault = check_inner_readers(text, rest); !fault.empty()) return fault;
  constexpr std::array<uint16_t, 8> kLinkTypes{1, 0, 101, 113, 228, 229, 276, 9};
  // In memory of their own, so that reading past their end is noticed.
  const size_t length = (rest.size() - 1) / 2;
  StreamTracker tracker(4);
  tracker.learn_keys("CLIENT_TRAFFIC_SECRET_0 " + std::string(64, '1') + " " + std::string(64, '2'));
  const FlowContext flow{.application = "bittorrent", .category = "p2p", .evidence = Evidence::Payload, .packets = 3, .has_handshake = true};
  for (uint64_t number = 1; number <= 4; ++number) {
    const auto part = rest.subspan(1 + (number % 2 == 0 ? length : 0), length);
    const auto own = std::make_unique<uint8_t[]>(part.size());
    std::ranges::copy(part, own.get());
    Packet packet;
    packet.data = own.get();
    packet.captured_length = static_cast<uint32_t>(part.size());
    packet.original_length = packet.captured_length + (number > 2 ? rest[0] : 0u);
    packet.link_type = kLinkTypes[rest[0] % kLinkTypes.size()];
    packet.number = number;
    packet.time = Timestamp{static_cast<int64_t>(number)};
    Layers layers;
    parse(packet, {}, layers);
    const StreamFacts& streams = tracker.observe(packet, layers);
    const Frame frame{packet, layers, packet.time, packet.time, packet.time, &flow, &streams};
    const bool once = compiled->matches(frame);
    if (compiled->matches(frame) != once) return "a filter answered twice about one frame and differently: " + text;
  }
  return {};
}

}  // namespace wirewatch::fuzz
