// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/quic_opener.h"

#include <algorithm>

namespace wirewatch::filter {

void QuicOpener::derive_keys(const quic::Version& version, std::span<const uint8_t> connection_id, QuicConnection& connection) const noexcept {
  connection.has_keys = true;
  connection.keys = {opener_.derive(version, connection_id, quic::Side::Client), opener_.derive(version, connection_id, quic::Side::Server)};
}

bool QuicOpener::open(const quic::LongPacket& packet, const quic::Version& version, const quic::InitialKeys& keys, uint64_t& read,
                      bool& brings_tls) {
  clear_.resize(std::max(clear_.size(), packet.bytes.size()));
  const auto frames = opener_.open(packet, keys, clear_);
  quic::for_each_crypto_frame(frames, version, [&](uint64_t offset, uint64_t length, std::span<const uint8_t> bytes) {
    if (bytes.size() < length) return false;
    brings_tls |= offset + length > read || offset >= read;  // a frame seen before tells nothing new
    read = std::max(read, offset + length);
    return true;
  });
  return !frames.empty();
}

bool QuicOpener::carries_tls(std::span<const uint8_t> datagram, std::unique_ptr<QuicConnection>& connection) {
  bool any = false;
  while (const auto packet = quic::read_long_packet(datagram, connection != nullptr)) {
    if (!packet->is_whole()) break;
    datagram = datagram.subspan(packet->length);
    if (!packet->initial) continue;
    const quic::Version* const version = quic::find_version(packet->version);
    const auto id = packet->connection_id;
    const bool to_server = connection && std::ranges::equal(id, connection->connection_id);
    if (!connection && version == nullptr) {  // what the client sends next, in a version there is, tshark does not open either
      connection = std::make_unique<QuicConnection>();
      connection->connection_id.assign(id.begin(), id.end());
    }
    if (version == nullptr || (connection && !connection->has_keys && to_server)) continue;
    if (connection && !connection->has_keys) {
      connection->opens_server_only = true;
      derive_keys(*version, connection->connection_id, *connection);
    }
    bool opened = false;
    for (size_t side = connection && connection->opens_server_only ? 1 : 0; side < 2 && connection && !opened; ++side) {
      opened = open(*packet, *version, connection->keys[side], connection->read[side], any);
    }
    if (opened) continue;
    // The first one, or one behind a Retry, which changes the keys but not what was sent before.
    auto made = std::make_unique<QuicConnection>();
    if (connection) made->read = connection->read;
    derive_keys(*version, id, *made);
    bool brings_tls = false;
    if (!open(*packet, *version, made->keys[0], made->read[0], brings_tls)) continue;
    any |= brings_tls && !(connection && connection->opens_server_only);
    made->connection_id.assign(id.begin(), id.end());
    connection = std::move(made);
  }
  return any;
}

}  // namespace wirewatch::filter
