// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as frames of any link type: the parser must stay inside each, and a worker that is given all of them must
// count each once. For the fuzzer and for the unit tests that keep its finds.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/byte_reader.h"
#include "dataplane/packet/steering.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::fuzz {

inline constexpr std::array<uint16_t, 27> kLinkTypes{1,   0,   9,   10,  12,  14,  50,  101, 104, 105, 107, 108, 113, 127,
                                                     129, 147, 178, 226, 228, 229, 239, 242, 258, 276, 1,   1,   1};

/// The input's form: one byte of options; then {link type, how much more was on the wire, le16 length, bytes} for each frame.
inline std::vector<testing::SentFrame> frames_of(std::span<const uint8_t> input) {
  constexpr size_t kMostFrames = 300;
  std::vector<testing::SentFrame> frames;
  ByteReader reader(input);
  int64_t now_ns = 0;
  while (frames.size() < kMostFrames) {
    const auto link_type = reader.u8(), missing = reader.u8();
    const auto length = reader.le16();
    if (!link_type || !missing || !length) break;
    const auto bytes = *reader.take(std::min<size_t>(*length, reader.remaining()));
    now_ns += *missing % 5 == 0 ? -1'000'000 : 40'000'000'000;  // long silences end flows
    testing::SentFrame frame{{bytes.begin(), bytes.end()}, Timestamp{now_ns}, kLinkTypes[*link_type % kLinkTypes.size()]};
    frame.bytes.shrink_to_fit();
    if (*missing == 255) frame.time = kNoTimestamp;
    frame.original_length = static_cast<uint32_t>(bytes.size()) + (*missing > 128 ? *missing * 1000u : *missing);
    frames.push_back(std::move(frame));
  }
  return frames;
}

inline std::string check_layers(const Packet& packet, const Layers& layers) {
  const size_t captured = packet.captured_length;
  if (layers.depth > kMaxLayers) return "more layers than there is room for";
  for (size_t i = 0; i < kMaxLayers; ++i) {
    const bool used = layers.protocols[i] != Protocol::None;
    if (used != (i < layers.depth)) return "the depth is not the number of layers";
    if (layers.offsets[i] > captured) return "a layer that begins behind the end";
  }
  const auto whole_header = [&](size_t offset, IpFamily family) {
    return offset + (family == IpFamily::V4 ? 20 : 40) <= captured || offset == 0xffff;
  };
  if (layers.outer_family != IpFamily::None && !whole_header(layers.outer_offset, layers.outer_family)) return "half an outer header";
  if (layers.inner_family != IpFamily::None && !whole_header(layers.inner_offset, layers.inner_family)) return "half an inner header";
  if (!layers.has_flow) return "";
  if (size_t{layers.payload_offset} + layers.payload_captured > captured) return "payload behind the end";
  if (layers.payload_offset > std::max(packet.original_length, packet.captured_length)) return "payload behind the wire";
  if (layers.flow_hash != hash(layers.key)) return "the hash of another key";
  if (plain_flow_hash(packet).value_or(layers.flow_hash) != layers.flow_hash) return "dealt out as if of another flow";
  const bool ordered = layers.key.low_address < layers.key.high_address ||
                       (layers.key.low_address == layers.key.high_address && layers.key.low_port <= layers.key.high_port);
  return ordered ? "" : "a key whose ends are not in order";
}

/// Empty, or the first thing that did not hold.
inline std::string check_packets(std::span<const uint8_t> input) {
  if (input.empty()) return "";
  const uint8_t choice = input[0];
  WorkerOptions options;
  options.parse = {.vlan_in_key = (choice & 1) != 0, .vni_in_key = (choice & 2) != 0};
  options.inner_destinations = (choice & 4) != 0;
  if ((choice & 8) != 0) options.local_networks = {*IpPrefix::parse("10.0.0.0/8"), *IpPrefix::parse("2001:db8::/33")};
  if ((choice & 16) != 0) options.max_flows = options.max_pending_syns = options.max_table_rows = 2;
  const auto frames = frames_of(input.subspan(1));
  Traffic given, without_flow;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Packet packet = testing::packet_of(frames[i], i + 1);
    Layers layers;
    parse(packet, options.parse, layers);
    if (std::string fault = check_layers(packet, layers); !fault.empty()) return fault;
    given += {1, packet.original_length};
    if (!layers.has_flow) without_flow += {1, packet.original_length};
  }
  testing::WorkerRun run(options);
  run.feed(frames, (choice & 32) != 0 ? 1 : kBurstSize).finish();
  return testing::check_sums(run, given, without_flow);
}

}  // namespace wirewatch::fuzz
