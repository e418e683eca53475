// SPDX-License-Identifier: BSD-3-Clause
// A QUIC connection whose secrets the capture brings: what its packets hold behind the first ones (RFC 9001).
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/filter/key_log.h"
#include "dataplane/quic/aead.h"
#include "dataplane/quic/initial_packet.h"

namespace wirewatch::filter {

/// What tshark shows of a datagram.
struct QuicContent {
  bool tls = false;
  std::span<const uint8_t> dns;  // one message with two bytes of length before it; valid until the next datagram
};

class QuicSession {
 public:
  /// A part of the handshake in Initial packets: the client's hello names the secrets, the server's chooses the cipher.
  void take_hello(quic::Side side, uint64_t offset, std::span<const uint8_t> bytes) noexcept;
  /// A packet with a long header that is no Initial.
  void read_long(const quic::LongPacket& packet, quic::Side side, const KeyLog& keys, QuicContent& content);
  /// The rest of a datagram behind its long headers. `again`: quoted by somebody, so nothing is learned from it.
  void read_short(std::span<const uint8_t> packet, quic::Side side, const KeyLog& keys, bool again, QuicContent& content);

 private:
  enum Level : uint8_t { Early, Handshake, Traffic, LevelCount };
  struct Keys {
    quic::TrafficSecret secret;
    quic::AeadKeys packet;
    quic::MaskKey mask;
    bool phase = false;  // of the keys, which change places now and then
    bool set = false;
    uint64_t next = 0;   // the packet number expected
    uint64_t read = 0;   // how far TLS was seen
  };
  /// The beginning of a side's TLS.
  struct Hello {
    static constexpr size_t kKept = 80;
    std::array<uint8_t, kKept> bytes{};
    std::bitset<kKept> present;
    bool has(size_t length) const noexcept;
  };

  Keys* keys_of(Level level, quic::Side side, const KeyLog& log);
  void set_keys(Keys& keys) const noexcept;
  std::optional<quic::Suite> suite(const quic::TrafficSecret& secret, Level level) const noexcept;
  std::span<const uint8_t> open(Keys& keys, std::span<const uint8_t> packet, size_t number_at, bool again);
  void read_frames(std::span<const uint8_t> frames, Level level, quic::Side side, Keys& keys, bool again, QuicContent& content);
  void take_protocol(std::span<const uint8_t> handshake) noexcept;

  const quic::Version* version_ = nullptr;
  std::array<Hello, 2> hellos_{};
  std::array<std::array<Keys, LevelCount>, 2> keys_{};
  std::array<std::optional<uint8_t>, 2> id_lengths_{};  // of the connection ids that each side gave itself
  bool dns_ = false;                                    // the protocol that the server chose
  quic::Aead aead_;
  std::vector<uint8_t> header_, clear_;
};

}  // namespace wirewatch::filter
