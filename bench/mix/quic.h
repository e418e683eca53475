// SPDX-License-Identifier: BSD-3-Clause
// QUIC version 1 Initial packets as a client sends them: protected with the keys everybody can derive (RFC 9001 5.2),
// so that only an inspector which derives them too reads the server name.
#pragma once

#include <array>
#include <span>

#include "bench/mix/bytes.h"
#include "bench/mix/random.h"

namespace wirewatch::mix {

using ConnectionId = std::array<uint8_t, 8>;

/// A datagram of 1200 bytes with `hello` in a CRYPTO frame.
Bytes quic_client_initial(std::span<const uint8_t> hello, const ConnectionId& destination);

/// A server's first datagram: long headers as they must be, contents no more than noise.
Bytes quic_server_flight(const ConnectionId& client, Random& random);

/// A short-header packet.
Bytes quic_data(size_t length, const ConnectionId& destination, Random& random);

}  // namespace wirewatch::mix
