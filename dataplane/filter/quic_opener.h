// SPDX-License-Identifier: BSD-3-Clause
// Opens QUIC's Initial packets of either side, whose keys anyone can derive (RFC 9001 5.2), and says whether they carry TLS.
// Kept apart from classification, which wants a client's hello of the first datagrams and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace wirewatch::filter {

/// What protects the packets of one side of a connection.
struct QuicKeys {
  std::array<uint8_t, 16> key{}, header_protection{};
  std::array<uint8_t, 12> iv{};
};

/// A conversation over UDP that has shown an Initial packet.
struct QuicConnection {
  std::vector<uint8_t> connection_id;  // that the client chose for the server; its keys follow from it
  bool has_keys = false;
  bool opens_server_only = false;      // its first packet was of no version there is
  std::array<QuicKeys, 2> keys{};      // the client's, the server's
  std::array<uint64_t, 2> read{};      // how far each side's TLS was seen
};

class QuicOpener {
 public:
  QuicOpener();
  ~QuicOpener();
  QuicOpener(QuicOpener&&) noexcept;
  QuicOpener& operator=(QuicOpener&&) noexcept;

  /// Does the datagram carry TLS that can be read? Sets `connection` when it opens the first packet of one.
  bool carries_tls(std::span<const uint8_t> datagram, std::unique_ptr<QuicConnection>& connection);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Cheap: can the datagram begin with an Initial packet?
constexpr bool may_be_quic_initial(std::span<const uint8_t> datagram) noexcept {
  constexpr uint8_t kLongHeader = 0xc0;
  constexpr size_t kShortest = 7 + 20;
  return datagram.size() >= kShortest && (datagram[0] & kLongHeader) == kLongHeader;
}

}  // namespace wirewatch::filter
