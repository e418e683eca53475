// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/trace.h"

#include <algorithm>

#include "bench/mix/bytes.h"

namespace wirewatch::mix {
namespace {

constexpr uint16_t kFirstClientPort = 0xc000;  // the mixer changes the 14 bits below
constexpr uint64_t kBetweenSegments = 12'000;  // 1500 bytes at 1 Gbit/s

uint32_t sum_of(std::span<const uint8_t> bytes) noexcept {
  uint32_t sum = 0;
  size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) sum += static_cast<uint32_t>(bytes[at] << 8 | bytes[at + 1]);
  if (at < bytes.size()) sum += static_cast<uint32_t>(bytes[at] << 8);
  return sum;
}

void store_checksum(std::span<uint8_t> at, uint32_t sum) noexcept {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  const auto checksum = static_cast<uint16_t>(~sum);
  at[0] = static_cast<uint8_t>(checksum >> 8);
  at[1] = static_cast<uint8_t>(checksum);
}

}  // namespace

size_t ip_offset(std::span<const uint8_t> frame) noexcept {
  for (size_t at = 12; at + 2 <= frame.size(); at += 4) {
    const auto type = static_cast<uint32_t>(frame[at] << 8 | frame[at + 1]);
    if (type == 0x0800 || type == 0x86dd) return at + 2;
    if (type != 0x8100 && type != 0x88a8) return 0;
  }
  return 0;
}

void set_checksums(std::span<uint8_t> frame) noexcept {
  const size_t at = ip_offset(frame);
  if (at == 0 || frame.size() < at + 20) return;
  const auto packet = frame.subspan(at);
  const bool ipv4 = packet[0] >> 4 == 4;
  const size_t header = ipv4 ? static_cast<size_t>(packet[0] & 0x0f) * 4 : 40;
  if (packet.size() < header || header < 20) return;
  size_t length = static_cast<size_t>(ipv4 ? packet[2] << 8 | packet[3] : (packet[4] << 8 | packet[5]) + 40);
  if (ipv4) {
    store_checksum(packet.subspan(10), sum_of(packet.first(header)) - static_cast<uint32_t>(packet[10] << 8 | packet[11]));
    if ((packet[6] & 0x3f) != 0 || packet[7] != 0) return;  // a fragment
  }
  if (length < header || length > packet.size()) return;
  const uint8_t protocol = ipv4 ? packet[9] : packet[6];
  const size_t field = protocol == kTcp ? 16 : protocol == kUdp ? 6 : 0;
  const auto transport = packet.subspan(header, length - header);
  if (field == 0 || transport.size() < (protocol == kTcp ? 20u : 8u)) return;
  transport[field] = transport[field + 1] = 0;
  const auto addresses = ipv4 ? packet.subspan(12, 8) : packet.subspan(8, 32);
  store_checksum(transport.subspan(field),
                 sum_of(addresses) + protocol + static_cast<uint32_t>(transport.size()) + sum_of(transport));
}

TraceWriter::TraceWriter(Network network, uint8_t ip_protocol, uint16_t server_port, uint64_t round_trip_ns, Random& random)
    : network_(network),
      ip_protocol_(ip_protocol),
      port_{static_cast<uint16_t>(kFirstClientPort + random.below(0x4000)), server_port},
      sequence_{static_cast<uint32_t>(random.next()), static_cast<uint32_t>(random.next())},
      round_trip_ns_(round_trip_ns),
      identification_{static_cast<uint16_t>(random.next()), static_cast<uint16_t>(random.next())} {
  trace_.synthetic = true;
}

void TraceWriter::syn() { tcp(true, kSyn, {}); }

void TraceWriter::open() {
  tcp(true, kSyn, {});
  ++sequence_[0];
  tcp(false, kSyn | kAck, {});
  ++sequence_[1];
  tcp(true, kAck, {});
}

void TraceWriter::refuse() {
  tcp(true, kSyn, {});
  ++sequence_[0];
  sequence_[1] = 0;
  tcp(false, kRst | kAck, {});
}

void TraceWriter::close() {
  tcp(true, kFin | kAck, {});
  ++sequence_[0];
  tcp(false, kFin | kAck, {});
  ++sequence_[1];
  tcp(true, kAck, {});
}

void TraceWriter::message(bool from_client, std::span<const uint8_t> payload) {
  if (ip_protocol_ == kUdp) {
    const auto length = static_cast<uint32_t>(8 + payload.size());
    frame(from_client, Bytes().be16(port_[from_client ? 0 : 1]).be16(port_[from_client ? 1 : 0]).be16(length).be16(0).add(payload).view());
    return;
  }
  for (size_t segment = 1; !payload.empty(); ++segment) {
    const auto part = payload.first(std::min(payload.size(), kSegment));
    payload = payload.subspan(part.size());
    tcp(from_client, static_cast<uint8_t>(kAck | (payload.empty() ? kPush : 0)), part);
    if (segment % 2 == 0 || payload.empty()) tcp(!from_client, kAck, {});
  }
}

void TraceWriter::tcp(bool from_client, uint8_t flags, std::span<const uint8_t> payload) {
  const size_t self = from_client ? 0 : 1;
  const bool syn = (flags & kSyn) != 0;
  Bytes segment;
  segment.be16(port_[self]).be16(port_[1 - self]).be32(sequence_[self]);
  segment.be32((flags & kAck) != 0 ? sequence_[1 - self] : 0);
  segment.u8(syn ? 0xa0 : 0x80).u8(flags).be16(syn ? 64240 : 501).be16(0).be16(0);
  const auto milliseconds = static_cast<uint32_t>(now_ns_ / 1'000'000);
  if (syn) {
    segment.be32(0x020405b4).be16(0x0402).be16(0x080a).be32(milliseconds).be32(0).be32(0x01030307);  // MSS, SACK, time, scale
  } else {
    segment.be16(0x0101).be16(0x080a).be32(milliseconds).be32(milliseconds);
  }
  sequence_[self] += static_cast<uint32_t>(payload.size());
  frame(from_client, segment.add(payload).view());
}

void TraceWriter::frame(bool from_client, std::span<const uint8_t> transport) {
  if (!trace_.frames.empty()) {
    // The capture stands near the client: an answer takes a round trip, the client's next word almost nothing.
    const bool turned = from_client != last_from_client_;
    now_ns_ += !turned ? kBetweenSegments : from_client ? round_trip_ns_ / 50 + 20'000 : round_trip_ns_;
  }
  last_from_client_ = from_client;

  Bytes bytes;
  const uint32_t self = from_client ? 0 : 1;
  bytes.be16(0x0200).be32(0x5e000002 - self).be16(0x0200).be32(0x5e000001 + self);
  if (network_.vlan != 0) bytes.be16(0x8100).be16(network_.vlan);
  bytes.be16(network_.ipv6 ? 0x86dd : 0x0800);
  // Clients in 10.0.0.0/8 and 2001:db8:a::/48, servers in 198.18.0.0/15 (RFC 2544) and 2001:db8:b::/48.
  if (network_.ipv6) {
    bytes.be32(0x60000000).be16(static_cast<uint32_t>(transport.size())).u8(ip_protocol_).u8(from_client ? 64 : 57);
    for (uint32_t end : {self, 1 - self}) bytes.be32(0x20010db8).be16(end == 0 ? 0x000a : 0x000b).zeros(6).be32(0x100);
  } else {
    bytes.u8(0x45).u8(0).be16(static_cast<uint32_t>(20 + transport.size())).be16(identification_[self]++).be16(0x4000);
    bytes.u8(from_client ? 64 : 57).u8(ip_protocol_).be16(0);
    for (uint32_t end : {self, 1 - self}) bytes.be32(end == 0 ? 0x0a000100 : 0xc6120100);
  }
  bytes.add(transport);
  while (bytes.size() < 60) bytes.u8(0);  // Ethernet's shortest frame, without its check sequence
  const auto length = static_cast<uint32_t>(bytes.size());
  trace_.frames.push_back({now_ns_, from_client, length, bytes.take()});
}

Trace TraceWriter::finish() { return std::move(trace_); }

}  // namespace wirewatch::mix
