// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/rdp_udp.h"

#include <utility>

#include "dataplane/base/byte_reader.h"

namespace wirewatch::filter {

std::optional<std::span<const uint8_t>> RdpUdp::open(std::span<const uint8_t> datagram) {
  return second_ ? open_second(datagram) : open_first(datagram);
}

/// MS-RDPEUDP 2.2.2: a header whose flags say what follows.
std::optional<std::span<const uint8_t>> RdpUdp::open_first(std::span<const uint8_t> datagram) noexcept {
  enum : uint16_t { kSyn = 0x01, kAck = 0x04, kData = 0x08, kFec = 0x10, kAckOfAcks = 0x100, kLossy = 0x200, kCorrelation = 0x800, kSynEx = 0x1000 };
  constexpr size_t kSynHeader = 8, kCorrelationId = 32, kFecHeader = 10, kAckOfAcksHeader = 4, kSourceHeader = 8;
  ByteReader reader(datagram);
  if (!reader.skip(6)) return std::nullopt;
  const auto flags = reader.be16();
  if (!flags) return std::nullopt;
  const auto has = [&](uint16_t flag) { return (*flags & flag) != 0; };
  if (has(kSyn)) {
    lossy_ = has(kLossy);
    if (!reader.skip(kSynHeader)) return std::nullopt;
  }
  if (has(kCorrelation) && !reader.skip(kCorrelationId)) return std::nullopt;
  if (has(kSynEx)) {
    constexpr uint16_t kHasVersion = 1, kVersion2 = 0x0101;
    constexpr size_t kCookieHash = 32;
    const auto extended = reader.be16();
    const auto version = extended && (*extended & kHasVersion) != 0 ? reader.be16() : std::nullopt;
    if (version == kVersion2) {
      if (!reader.skip(kCookieHash)) return std::nullopt;
      second_ = has(kAck);
    }
  }
  if (has(kAck) && !has(kSyn)) {
    const auto length = reader.be16();
    if (!length || !reader.skip(*length)) return std::nullopt;
  }
  if (has(kFec) && !reader.skip(kFecHeader)) return std::nullopt;
  if (has(kAckOfAcks) && !reader.skip(kAckOfAcksHeader)) return std::nullopt;
  if (!has(kData) || lossy_ || !reader.skip(kSourceHeader)) return std::nullopt;
  return reader.rest();
}

/// MS-RDPEUDP2 2.2.1: the first byte and the eighth have changed places.
std::optional<std::span<const uint8_t>> RdpUdp::open_second(std::span<const uint8_t> datagram) {
  enum : uint16_t { kAck = 0x01, kData = 0x04, kAckVector = 0x08, kAckOfAcks = 0x10, kOverhead = 0x40, kDelayedAck = 0x100 };
  constexpr size_t kMoved = 7;
  if (datagram.size() <= kMoved) return std::nullopt;
  datagram_.assign(datagram.begin(), datagram.end());
  std::swap(datagram_.front(), datagram_[kMoved]);
  ByteReader reader(datagram_);
  const auto prefix = reader.u8();
  const auto flags = reader.le16();
  const auto has = [&](uint16_t flag) { return (*flags & flag) != 0; };
  if (has(kAck)) {
    const auto fixed = reader.take(7);
    if (!fixed || !reader.skip(fixed->back() & 0x0f)) return std::nullopt;
  }
  if (has(kOverhead) && !reader.skip(1)) return std::nullopt;
  if (has(kDelayedAck) && !reader.skip(3)) return std::nullopt;
  if (has(kAckOfAcks) && !reader.skip(2)) return std::nullopt;
  if (has(kData) && !reader.skip(2)) return std::nullopt;
  if (has(kAckVector)) {
    constexpr uint8_t kHasTime = 0x80;
    const auto fixed = reader.take(3);
    if (!fixed || !reader.skip(((fixed->back() & kHasTime) != 0 ? 4u : 0u) + (fixed->back() & 0x7fu))) return std::nullopt;
  }
  constexpr uint8_t kDummy = 8;
  const bool dummy = (*prefix >> 1 & 0x0f) == kDummy;
  if (!has(kData) || dummy || !reader.skip(2)) return std::nullopt;
  return reader.rest();
}

}  // namespace wirewatch::filter
