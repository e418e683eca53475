// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/bittorrent_peers.h"


#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "dataplane/base/byte_reader.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;
constexpr size_t kCompactV4 = 6, kCompactV6 = 18, kNodeId = 20;

/// Collects ends until there is no more room.
class Peers {
 public:
  explicit Peers(std::span<Endpoint> room) noexcept : room_(room) {}

  void add(const Endpoint& peer) noexcept {
    if (count_ < room_.size() && peer.port != 0) room_[count_++] = peer;
  }
  /// Ends of `size` bytes each, address and port, with `skip` bytes of something else before each.
  void add_compact(std::string_view bytes, size_t size, size_t skip = 0) noexcept {
    ByteReader reader({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    while (reader.skip(skip)) {
      const auto address = reader.take(size - 2);
      const auto port = reader.be16();
      if (!address || !port) return;
      add({size == kCompactV4 ? IpAddress::v4(address->data()) : IpAddress::v6(address->data()), *port});
    }
  }
  size_t count() const noexcept { return count_; }

 private:
  std::span<Endpoint> room_;
  size_t count_ = 0;
};

/// The decimal number that `text` begins with, and moves past it.
std::optional<uint32_t> take_number(std::string_view& text) noexcept {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

/// What follows `key`, or nothing.
std::string_view after(std::string_view text, std::string_view key) noexcept {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return text;
}

/// A bencoded string, as far as it was captured; empty when there is none.
std::string_view bencoded_string(std::string_view text) noexcept {
  const auto length = take_number(text);
  if (!length || !text.starts_with(':')) return {};
  return {text.data() + 1, std::min<size_t>(*length, text.size() - 1)};
}

/// A port as "i6881e" or, in headers and requests, as "6881".
std::optional<uint16_t> port_after(std::string_view text, std::string_view key) noexcept {
  std::string_view rest = after(text, key);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto number = take_number(rest);
  if (!number || *number == 0 || *number > 0xffff) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

void read_dht(std::string_view text, const Endpoint& source, Peers& peers) noexcept {
  peers.add(source);  // who speaks DHT listens there for transfers as well
  if (const auto port = port_after(text, "4:porti")) peers.add({source.address, *port});
  peers.add_compact(bencoded_string(after(text, "5:nodes")), kCompactV4, kNodeId);
  peers.add_compact(bencoded_string(after(text, "6:nodes6")), kCompactV6, kNodeId);
  std::string_view values = after(text, "6:valuesl");
  for (std::string_view value = bencoded_string(values); !value.empty(); value = bencoded_string(values)) {
    if (value.size() == kCompactV4 || value.size() == kCompactV6) peers.add_compact(value, value.size());
    values.remove_prefix(static_cast<size_t>(value.data() + value.size() - values.data()));
  }
}

/// BEP 15: the port stands at the end of an announcement, the peers behind 20 bytes of its answer.
void read_udp_tracker(std::string_view text, const BitTorrentPayload& said, Peers& peers) noexcept {
  constexpr size_t kPortAt = 96, kPeersAt = 20;
  constexpr uint32_t kAnnounce = 1;
  const auto* bytes = said.payload.data();
  if (text.size() >= kPortAt + 2 && load_be32(bytes + 8) == kAnnounce) {
    peers.add({said.source.address, load_be16(bytes + kPortAt)});
  } else if (text.size() > kPeersAt && load_be32(bytes) == kAnnounce) {
    const size_t size = said.source.address.family == IpFamily::V6 ? kCompactV6 : kCompactV4;
    if ((text.size() - kPeersAt) % size == 0) peers.add_compact({text.data() + kPeersAt, text.size() - kPeersAt}, size);
  }
}

bool is_utp(std::string_view text) noexcept {
  constexpr size_t kHeader = 20;
  return text.size() >= kHeader && (text[0] & 0x0f) == 1 && static_cast<uint8_t>(text[0]) <= 0x41 &&
         static_cast<uint8_t>(text[1]) <= 2;
}

void read_tracker_answer(std::string_view text, Peers& peers) noexcept {
  peers.add_compact(bencoded_string(after(text, "5:peers")), kCompactV4);
  peers.add_compact(bencoded_string(after(text, "6:peers6")), kCompactV6);
  // The old form is a list of dictionaries, with addresses as text.
  for (std::string_view rest = after(text, "5:peersl"); !(rest = after(rest, "2:ip")).empty();) {
    const auto address = IpAddress::from_text(bencoded_string(rest));
    if (const auto port = port_after(rest, "4:porti"); address && port) peers.add({*address, *port});
  }
}

/// The handshake says which end listens; behind it, or later, the extension protocol names ports and other peers.
void read_peer_messages(std::string_view text, const BitTorrentPayload& said, Peers& peers) noexcept {
  constexpr std::string_view kHandshake = "\x13" "BitTorrent protocol";
  constexpr size_t kHandshakeSize = 68;
  constexpr char kExtended = 20;
  if (text.starts_with(kHandshake)) {
    peers.add(said.from_client ? said.destination : said.source);
    text.remove_prefix(std::min(kHandshakeSize, text.size()));
  }
  if (text.size() < 7 || text[4] != kExtended || text[6] != 'd') return;
  if (text[5] == 0) {
    if (const auto port = port_after(text, "1:pi")) peers.add({said.source.address, *port});
  } else {
    peers.add_compact(bencoded_string(after(text, "5:added")), kCompactV4);
    peers.add_compact(bencoded_string(after(text, "6:added6")), kCompactV6);
  }
}

}  // namespace

size_t read_bittorrent_peers(const BitTorrentPayload& said, std::span<Endpoint> room) noexcept {
  const std::string_view text(reinterpret_cast<const char*>(said.payload.data()), said.payload.size());
  Peers peers(room);
  if (text.empty()) return 0;
  if (said.ip_protocol == kTcp) {
    if (text.starts_with("GET ")) {
      if (const auto port = port_after(text, "&port=")) peers.add({said.source.address, *port});
    } else if (text.starts_with("HTTP/1.")) {
      read_tracker_answer(text, peers);
    } else {
      read_peer_messages(text, said, peers);
    }
  } else if (text[0] == 'd') {
    read_dht(text, said.source, peers);
  } else if (text.starts_with("BT-SEARCH")) {
    if (const auto port = port_after(text, "\r\nPort:")) peers.add({said.source.address, *port});
  } else if (is_utp(text)) {
    peers.add(said.source);
  } else {
    read_udp_tracker(text, said, peers);
  }
  return peers.count();
}

}  // namespace wirewatch
