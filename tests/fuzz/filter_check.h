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

#include "dataplane/filter/field_reader.h"
#include "dataplane/filter/filter.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"

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
  constexpr std::array<uint16_t, 8> kLinkTypes{1, 0, 101, 113, 228, 229, 276, 9};
  // In memory of their own, so that reading past their end is noticed.
  const size_t length = (rest.size() - 1) / 2;
  StreamTracker tracker(4);
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
