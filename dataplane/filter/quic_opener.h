// SPDX-License-Identifier: BSD-3-Clause
// Whether QUIC's Initial packets of either side carry TLS, as tshark follows a connection.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/quic/initial_packet.h"

namespace wirewatch::filter {

/// A conversation over UDP that has shown an Initial packet.
struct QuicConnection {
  std::vector<uint8_t> connection_id;  // that the client chose for the server; its keys follow from it
  bool has_keys = false;
  bool opens_server_only = false;      // its first packet was of no version there is
  std::array<quic::InitialKeys, 2> keys{};      // the client's, the server's
  std::array<uint64_t, 2> read{};      // how far each side's TLS was seen
};

class QuicOpener {
 public:
  /// Does the datagram carry TLS that can be read? Sets `connection` when it opens the first packet of one.
  bool carries_tls(std::span<const uint8_t> datagram, std::unique_ptr<QuicConnection>& connection);

 private:
  void derive_keys(const quic::Version& version, std::span<const uint8_t> connection_id, QuicConnection& connection) const noexcept;
  /// Does the packet open with these keys, and bring TLS that `read` has not seen?
  bool open(const quic::LongPacket& packet, const quic::Version& version, const quic::InitialKeys& keys, uint64_t& read, bool& brings_tls);

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
