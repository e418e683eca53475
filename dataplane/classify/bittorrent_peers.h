// SPDX-License-Identifier: BSD-3-Clause
// Reads out of BitTorrent's own messages who takes part: the peers that trackers (BEP 3, 15, 23), the DHT (BEP 5), peer
// exchange (BEP 11), local discovery (BEP 14) and handshakes (BEP 10) name. The payload comes from strangers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/endpoint.h"

namespace wirewatch {

struct BitTorrentPayload {
  uint8_t ip_protocol = 0;           // 6 or 17
  bool from_client = false;          // who sent it, as far as that is known
  Endpoint source;
  Endpoint destination;
  std::span<const uint8_t> payload;  // of a flow already known to be BitTorrent's
};

/// Writes the listening ends that the payload names to `peers`, at most as many as fit; returns how many.
size_t read_bittorrent_peers(const BitTorrentPayload& said, std::span<Endpoint> peers) noexcept;

}  // namespace wirewatch
