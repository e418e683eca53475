// SPDX-License-Identifier: BSD-3-Clause
// The frames of packets that carry data (RFC 9000 section 19, and extensions seen in the wild): those with TLS or a stream's
// bytes are handed out, the others stepped over.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/quic/initial_packet.h"

namespace wirewatch::quic {

struct DataFrame {
  bool crypto = false;  // TLS; else a stream's
  uint64_t stream = 0, offset = 0;
  std::span<const uint8_t> bytes;
};

namespace detail {

inline bool skip_varints(ByteReader& reader, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) {
    if (!read_varint(reader)) return false;
  }
  return true;
}

/// Bytes with their length before them.
inline std::optional<std::span<const uint8_t>> read_counted(ByteReader& reader) noexcept {
  const auto length = read_varint(reader);
  return length && *length <= reader.remaining() ? reader.take(static_cast<size_t>(*length)) : std::nullopt;
}

/// A frame that holds neither; false when it is cut or nothing that is known.
inline bool skip_frame(ByteReader& reader, uint64_t type) noexcept {
  switch (type) {
    case 0x00:
    case 0x01:
    case 0x1e:
    case 0xac: return true;  // PADDING, PING, HANDSHAKE_DONE, IMMEDIATE_ACK
    case 0x02:
    case 0x03: return skip_ack(reader, type == 0x03);
    case 0x04: return skip_varints(reader, 3);  // RESET_STREAM
    case 0x05:                                  // STOP_SENDING
    case 0x11:
    case 0x15: return skip_varints(reader, 2);  // MAX_STREAM_DATA, STREAM_DATA_BLOCKED
    case 0x07: return read_counted(reader).has_value();  // NEW_TOKEN
    case 0x10:
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x17:
    case 0x19:
    case 0x2f5: return skip_varints(reader, 1);  // limits and what is held back by them, RETIRE_CONNECTION_ID, TIME_STAMP
    case 0x18: {                                 // NEW_CONNECTION_ID
      constexpr size_t kResetToken = 16;
      if (!skip_varints(reader, 2)) return false;
      const auto length = reader.u8();
      return length && reader.skip(*length + kResetToken);
    }
    case 0x1a:
    case 0x1b: return reader.skip(8);  // PATH_CHALLENGE, PATH_RESPONSE
    case 0x1c: return skip_varints(reader, 2) && read_counted(reader);  // CONNECTION_CLOSE
    case 0x1d: return skip_varints(reader, 1) && read_counted(reader);
    case 0x30: return reader.skip(reader.remaining());  // DATAGRAM
    case 0x31: return read_counted(reader).has_value();
    case 0xaf: return skip_varints(reader, 3) && reader.skip(1);  // ACK_FREQUENCY
    default: return false;
  }
}

}  // namespace detail

/// Calls use(DataFrame) for each, up to one that is cut or not known.
template <typename Use>
void for_each_data_frame(std::span<const uint8_t> frames, Use use) noexcept {
  constexpr uint64_t kFirstStream = 0x08, kLastStream = 0x0f, kHasLength = 0x02, kHasOffset = 0x04;
  ByteReader reader(frames);
  while (const auto type = read_varint(reader)) {
    const bool stream = *type >= kFirstStream && *type <= kLastStream;
    if (!stream && *type != kCryptoFrame) {
      if (!detail::skip_frame(reader, *type)) return;
      continue;
    }
    const auto number = stream ? read_varint(reader) : std::optional<uint64_t>{0};
    const auto offset = !stream || (*type & kHasOffset) != 0 ? read_varint(reader) : std::optional<uint64_t>{0};
    if (!number || !offset) return;
    const auto bytes = !stream || (*type & kHasLength) != 0 ? detail::read_counted(reader) : reader.take(reader.remaining());
    if (!bytes) return;
    use(DataFrame{!stream, *number, *offset, *bytes});
  }
}

}  // namespace wirewatch::quic
