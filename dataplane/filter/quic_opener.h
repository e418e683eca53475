// SPDX-License-Identifier: BSD-3-Clause
// Whether QUIC's packets carry TLS, as tshark follows a connection: the Initial ones of either side, whose keys anyone can
// derive, and all others of a connection whose secrets the capture brings.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/filter/quic_session.h"
#include "dataplane/quic/initial_packet.h"

namespace wirewatch::filter {

/// A conversation over UDP that has shown an Initial packet.
struct QuicConnection {
  std::vector<uint8_t> connection_id;  // that the client chose for the server; its keys follow from it
  bool has_keys = false;
  bool opens_server_only = false;      // its first packet was of no version there is
  std::array<quic::InitialKeys, 2> keys{};      // the client's, the server's
  std::array<uint64_t, 2> read{};      // how far each side's TLS was seen
  bool client_forward = false;         // the client is the end that compares lower
  std::unique_ptr<QuicSession> session = nullptr;  // where the capture brings secrets
};

/// A datagram between two ends.
struct QuicDatagram {
  std::span<const uint8_t> bytes;
  bool forward = false;  // sent by the end that compares lower
  bool quoted = false;   // inside an ICMP error: nothing is learned from it
};

class QuicOpener {
 public:
  explicit QuicOpener(const KeyLog& keys) : log_(keys) {}

  /// What of the datagram can be read. Sets `connection` when it opens the first packet of one.
  QuicContent read(const QuicDatagram& datagram, std::unique_ptr<QuicConnection>& connection);

 private:
  /// One Initial packet; true when it brings TLS.
  bool read_initial(const quic::LongPacket& packet, bool forward, std::unique_ptr<QuicConnection>& connection);
  void derive_keys(const quic::Version& version, std::span<const uint8_t> connection_id, QuicConnection& connection) const noexcept;
  /// Does the packet open with the keys of that side, and bring TLS that was not seen before?
  bool open(const quic::LongPacket& packet, const quic::Version& version, QuicConnection& connection, quic::Side side, bool& brings_tls);

  const KeyLog& log_;
  quic::InitialOpener opener_;
  std::vector<uint8_t> clear_;
};

/// Cheap: can the datagram begin with an Initial packet?
constexpr bool may_be_quic_initial(std::span<const uint8_t> datagram, bool known) noexcept {
  const uint8_t long_header = known ? 0x80 : 0xc0;
  constexpr size_t kShortest = 7 + 20;
  return datagram.size() >= kShortest && (datagram[0] & long_header) == long_header;
}

}  // namespace wirewatch::filter
