// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/quic_opener.h"

#include <algorithm>

namespace wirewatch::filter {

void QuicOpener::derive_keys(const quic::Version& version, std::span<const uint8_t> connection_id, QuicConnection& connection) const noexcept {
  connection.has_keys = true;
  connection.keys = {opener_.derive(version, connection_id, quic::Side::Client), opener_.derive(version, connection_id, quic::Side::Server)};
}

bool QuicOpener::open(const quic::LongPacket& packet, const quic::Version& version, QuicConnection& connection, quic::Side side,
                      bool& brings_tls) {
  const size_t index = side == quic::Side::Client ? 0 : 1;
  clear_.resize(std::max(clear_.size(), packet.bytes.size()));
  const auto frames = opener_.open(packet, connection.keys[index], clear_);
  if (frames.empty()) return false;
  if (!log_.empty() && !connection.session) connection.session = std::make_unique<QuicSession>();
  uint64_t& read = connection.read[index];
  quic::for_each_crypto_frame(frames, version, [&](uint64_t offset, uint64_t length, std::span<const uint8_t> bytes) {
    if (bytes.size() < length) return false;
    brings_tls |= offset + length > read || offset >= read;  // a frame seen before tells nothing new
    read = std::max(read, offset + length);
    if (connection.session) connection.session->take_hello(side, offset, bytes);
    return true;
  });
  return true;
}

bool QuicOpener::read_initial(const quic::LongPacket& packet, bool forward, std::unique_ptr<QuicConnection>& connection) {
  const quic::Version* const version = quic::find_version(packet.version);
  const auto id = packet.connection_id;
  const bool to_server = connection && std::ranges::equal(id, connection->connection_id);
  if (!connection && version == nullptr) {  // what the client sends next, in a version there is, tshark does not open either
    connection = std::make_unique<QuicConnection>();
    connection->connection_id.assign(id.begin(), id.end());
  }
  if (version == nullptr || (connection && !connection->has_keys && to_server)) return false;
  if (connection && !connection->has_keys) {
    connection->opens_server_only = true;
    derive_keys(*version, connection->connection_id, *connection);
  }
  bool brings_tls = false;
  for (const quic::Side side : {quic::Side::Client, quic::Side::Server}) {
    if (!connection || (side == quic::Side::Client && connection->opens_server_only)) continue;
    if (open(packet, *version, *connection, side, brings_tls)) return brings_tls;
  }
  // The first one, or one behind a Retry, which changes the keys but not what was sent before.
  auto made = std::make_unique<QuicConnection>();
  if (connection) made->read = connection->read;
  made->client_forward = forward;
  derive_keys(*version, id, *made);
  if (!open(packet, *version, *made, quic::Side::Client, brings_tls)) return false;
  brings_tls &= !(connection && connection->opens_server_only);
  made->connection_id.assign(id.begin(), id.end());
  if (connection && connection->session) made->session = std::move(connection->session);
  connection = std::move(made);
  return brings_tls;
}

QuicContent QuicOpener::read(const QuicDatagram& datagram, std::unique_ptr<QuicConnection>& connection) {
  QuicContent content;
  auto bytes = datagram.bytes;
  const auto side = [&] { return connection->client_forward == datagram.forward ? quic::Side::Client : quic::Side::Server; };
  while (!datagram.quoted) {
    const auto packet = quic::read_long_packet(bytes, connection != nullptr);
    if (!packet) break;
    if (!packet->is_whole()) return content;
    bytes = bytes.subspan(packet->length);
    if (packet->type == quic::LongType::Initial) content.tls |= read_initial(*packet, datagram.forward, connection);
    if (connection && connection->session) connection->session->read_long(*packet, side(), log_, content);
  }
  if (connection && connection->session) connection->session->read_short(bytes, side(), log_, datagram.quoted, content);
  return content;
}

}  // namespace wirewatch::filter
