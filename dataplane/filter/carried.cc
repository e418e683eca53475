// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/carried.h"

#include <optional>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch::filter {
namespace {

constexpr uint16_t kEthernet = 1, kPpp = 9, kIpv4 = 228, kIpv6 = 229;
constexpr uint16_t kSflow = 6343, kLisp = 4341, kGtp = 3386;

void add_ip(std::span<const uint8_t> bytes, CarriedPackets& out) noexcept {
  if (bytes.empty()) return;
  const unsigned version = bytes[0] >> 4;
  if (version == 4 || version == 6) out.add(bytes, bytes.size(), version == 4 ? kIpv4 : kIpv6);
}

/// sFlow's numbers of what a sampled header begins with.
std::optional<uint16_t> link_type_of(uint32_t header_protocol) noexcept {
  switch (header_protocol) {
    case 1: return kEthernet;
    case 7: return kPpp;
    case 11: return kIpv4;
    case 12: return kIpv6;
    default: return std::nullopt;
  }
}

bool skip_words(ByteReader& reader, size_t words) noexcept { return reader.skip(words * 4); }

/// The records of one flow sample: the raw header among them is a packet.
void sampled_headers(ByteReader sample, bool expanded, CarriedPackets& out) noexcept {
  if (!skip_words(sample, expanded ? 10 : 7)) return;
  const auto records = sample.be32();
  constexpr uint32_t kRawHeader = 1;
  for (uint32_t i = 0; records && i < *records; ++i) {
    const auto format = sample.be32(), length = sample.be32();
    const auto bytes = length ? sample.take(std::min<size_t>(*length, sample.remaining())) : std::nullopt;
    if (!bytes || bytes->empty()) return;
    if (*format != kRawHeader) continue;
    ByteReader record(*bytes);
    const auto protocol = record.be32(), frame_length = record.be32();
    if (!protocol || !skip_words(record, 1)) continue;
    const auto header_length = record.be32();
    const auto link_type = link_type_of(*protocol);
    if (!header_length || !link_type) continue;
    const auto header = record.take(std::min<size_t>(*header_length, record.remaining()));
    if (header) out.add(*header, *frame_length, *link_type);
  }
}

/// sFlow version 5, as sflow.org gives it.
void sflow(std::span<const uint8_t> payload, CarriedPackets& out) noexcept {
  ByteReader reader(payload);
  const auto version = reader.be32(), agent = reader.be32();
  constexpr uint32_t kVersion = 5, kAgentV6 = 2, kFlowSample = 1, kExpandedFlowSample = 3;
  if (!agent || *version != kVersion || !skip_words(reader, (*agent == kAgentV6 ? 4 : 1) + 3)) return;
  const auto samples = reader.be32();
  for (uint32_t i = 0; samples && i < *samples; ++i) {
    const auto format = reader.be32(), length = reader.be32();
    const auto sample = length ? reader.take(std::min<size_t>(*length, reader.remaining())) : std::nullopt;
    if (!sample || sample->empty()) return;
    if (*format == kFlowSample || *format == kExpandedFlowSample) sampled_headers(ByteReader(*sample), *format == kExpandedFlowSample, out);
  }
}

}  // namespace

CarriedPackets carried_in_udp(uint16_t source, uint16_t destination, std::span<const uint8_t> payload) noexcept {
  CarriedPackets out;
  const auto either = [&](uint16_t port) { return source == port || destination == port; };
  constexpr size_t kLispHeader = 8, kGtp0Header = 20;
  constexpr uint8_t kPacket = 0xff;
  if (either(kSflow)) {
    out.sampled = true;
    sflow(payload, out);
  } else if (either(kLisp) && payload.size() > kLispHeader) {  // RFC 9300 5.1
    add_ip(payload.subspan(kLispHeader), out);
  } else if (either(kGtp) && payload.size() > kGtp0Header && payload[0] >> 4 == 1 && payload[1] == kPacket) {  // GSM 09.60
    add_ip(payload.subspan(kGtp0Header), out);
  }
  return out;
}

/// IEEE 802.11 9.3.2.2: several frames, each with its addresses and length before it and padded to four bytes.
CarriedPackets carried_in_gre(std::span<const uint8_t> gre) noexcept {
  CarriedPackets out;
  constexpr size_t kGreHeader = 4, kWlanHeader = 26, kSubframeHeader = 14, kSnap = 8;
  constexpr uint16_t kFirstAruba = 0x8200, kLastAruba = 0x82f0, kQosData = 0x88, kGathered = 0x80;
  if (gre.size() < kGreHeader + kWlanHeader || load_be16(gre.data()) != 0) return out;
  const uint16_t type = load_be16(gre.data() + 2);
  const auto wlan = gre.subspan(kGreHeader);
  if (type < kFirstAruba || type > kLastAruba || wlan[0] != kQosData || (wlan[24] & kGathered) == 0) return out;
  for (size_t at = kWlanHeader; wlan.size() > at + kSubframeHeader + kSnap;) {
    const size_t length = load_be16(wlan.data() + at + 12);
    const auto body = wlan.subspan(at + kSubframeHeader, std::min(length, wlan.size() - at - kSubframeHeader));
    if (body.size() > kSnap && body[0] == 0xaa && body[1] == 0xaa) add_ip(body.subspan(kSnap), out);
    at += (kSubframeHeader + length + 3) & ~size_t{3};
  }
  return out;
}

}  // namespace wirewatch::filter
