// SPDX-License-Identifier: BSD-3-Clause
// QUIC's Initial packets of either side, whose keys anyone can derive from the packet itself: their headers (RFC 9000 section
// 17.2), their protection (RFC 9001 section 5, RFC 9369 for version 2) and the CRYPTO frames inside. Classification takes a
// client's hello out of them, display filters ask whether they carry TLS.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch::quic {

inline constexpr uint8_t kCryptoFrame = 6;

/// A version, or a range of drafts, whose Initial packets carry TLS; Facebook's and Google's own among them.
struct Version {
  uint32_t first = 0, last = 0;
  std::array<uint8_t, 20> salt{};
  uint8_t crypto_frame = kCryptoFrame;  // the type of the frame that TLS is in; another one means Google's frames
  std::array<std::string_view, 3> labels{"quic key", "quic iv", "quic hp"};
};
/// Null when its salt is not known.
const Version* find_version(uint32_t number) noexcept;

/// RFC 9000 section 16: the top two bits say how many bytes.
inline std::optional<uint64_t> read_varint(ByteReader& reader) noexcept {
  const auto first = reader.u8();
  const auto more = first ? reader.take((size_t{1} << (*first >> 6)) - 1) : std::nullopt;
  if (!more) return std::nullopt;
  uint64_t value = *first & 0x3f;
  for (const uint8_t byte : *more) value = value << 8 | byte;
  return value;
}

enum class LongType : uint8_t { Initial, Early, Handshake };

/// A packet with a long header that says how long it is: any but a Retry or a Version Negotiation.
struct LongPacket {
  std::span<const uint8_t> connection_id;  // of the destination
  std::span<const uint8_t> source_id;
  std::span<const uint8_t> bytes;          // from the first one, as far as captured
  size_t number_at = 0;                    // offset of the protected packet number
  size_t length = 0;                       // of all of it, captured or not
  uint32_t version = 0;
  LongType type = LongType::Initial;

  bool is_whole() const noexcept { return bytes.size() == length; }
};
/// The one a datagram begins with; several may share a datagram (RFC 9000 section 12.2). `known`: in a connection that was
/// seen before, where ends that agreed on it need not set the bit that tells QUIC apart (RFC 9287).
std::optional<LongPacket> read_long_packet(std::span<const uint8_t> datagram, bool known = false) noexcept;

enum class Side : uint8_t { Client, Server };

/// What protects the packets of one side of a connection.
struct InitialKeys {
  std::array<uint8_t, 16> key{};
  std::array<uint8_t, 12> iv{};
  std::array<uint8_t, 16> header_protection{};
};

/// Every OpenSSL object that packets need, fetched once.
class InitialOpener {
 public:
  /// Throws std::bad_alloc when OpenSSL has no memory.
  InitialOpener();
  ~InitialOpener();
  InitialOpener(InitialOpener&&) noexcept;
  InitialOpener& operator=(InitialOpener&&) noexcept;

  InitialKeys derive(const Version& version, std::span<const uint8_t> connection_id, Side side) const noexcept;
  /// The frames of a packet, in `clear`; empty when it is protected otherwise or `clear` is shorter than the packet. Of one cut
  /// by the snapshot length nobody can say whether it is: what decrypts to nonsense holds no frames.
  std::span<const uint8_t> open(const LongPacket& packet, const InitialKeys& keys, std::span<uint8_t> clear) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

namespace detail {

/// How many of these bytes come before the first that is not zero: padding, of which an Initial consists for the most part.
inline size_t zeros_before(std::span<const uint8_t> bytes) noexcept {
  size_t at = 0;
  while (bytes.size() - at >= sizeof(uint64_t) && wirewatch::detail::load<uint64_t>(bytes.data() + at) == 0) at += sizeof(uint64_t);
  while (at < bytes.size() && bytes[at] == 0) ++at;
  return at;
}

/// What follows the type of an ACK frame; false when it is cut.
inline bool skip_ack(ByteReader& reader, bool with_ecn) noexcept {
  const auto largest = read_varint(reader), delay = read_varint(reader), ranges = read_varint(reader);
  if (!largest || !delay || !ranges || *ranges > reader.remaining()) return false;
  const uint64_t numbers = 1 + 2 * *ranges + (with_ecn ? 3 : 0);
  for (uint64_t i = 0; i < numbers; ++i) {
    if (!read_varint(reader)) return false;
  }
  return true;
}

/// Google's frames before QUIC was a standard: all ACKs have 01 in front, and say in their type how long their numbers are.
inline constexpr uint8_t kGoogleAckMask = 0xc0, kGoogleAck = 0x40;
inline bool skip_google_ack(ByteReader& reader, uint8_t type) noexcept {
  constexpr std::array<uint8_t, 4> kWidths{1, 2, 4, 6};
  constexpr uint8_t kSeveralBlocks = 0x20;
  constexpr size_t kDelay = 2;
  const size_t largest = kWidths[type >> 2 & 3], block = kWidths[type & 3];
  if (!reader.skip(largest + kDelay)) return false;
  const auto blocks = (type & kSeveralBlocks) != 0 ? reader.u8() : std::optional<uint8_t>{0};
  if (!blocks || !reader.skip(block + *blocks * (1 + block))) return false;
  const auto times = reader.u8();
  return times && reader.skip(*times == 0 ? 0 : 5u + (*times - 1u) * 3u);
}

}  // namespace detail

/// Calls use(offset, length, bytes) for every CRYPTO frame until it returns false or a frame is none that an Initial may hold;
/// `bytes` are fewer than `length` where the packet was cut.
template <typename Use>
void for_each_crypto_frame(std::span<const uint8_t> frames, const Version& version, Use use) noexcept {
  constexpr uint8_t kPadding = 0, kAck = 2, kAckWithEcn = 3;
  const bool google = version.crypto_frame != kCryptoFrame;
  const uint8_t ping = google ? 7 : 1;
  ByteReader reader(frames);
  while (const auto type = reader.u8()) {
    if (*type == kPadding) reader.skip(detail::zeros_before(reader.rest()));
    if (*type == kPadding || *type == ping) continue;
    if (google && (*type & detail::kGoogleAckMask) == detail::kGoogleAck) {
      if (!detail::skip_google_ack(reader, *type)) return;
      continue;
    }
    if (!google && (*type == kAck || *type == kAckWithEcn)) {
      if (!detail::skip_ack(reader, *type == kAckWithEcn)) return;
      continue;
    }
    if (*type != version.crypto_frame) return;
    const auto offset = read_varint(reader), length = read_varint(reader);
    if (!offset || !length) return;
    const size_t present = *length < reader.remaining() ? static_cast<size_t>(*length) : reader.remaining();
    if (!use(*offset, *length, reader.rest().first(present)) || present < *length) return;
    reader.skip(present);
  }
}

}  // namespace wirewatch::quic
