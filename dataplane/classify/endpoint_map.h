// SPDX-License-Identifier: BSD-3-Clause
// Reads out of the answers of DCE/RPC's endpoint mapper (DCE 1.1, C706, appendices L and O; MS-RPCE) which TCP ports other
// interfaces listen on: they change with every start, and what is sealed there does not show what it is. Little-endian
// answers over TCP, in NDR and in the NDR64 that 64-bit Windows prefers. The payload comes from strangers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/endpoint.h"

namespace wirewatch {

/// Writes to `ends` where the interfaces listen that an answer to ept_map names, at most as many as fit; returns how many.
/// `server` is who answers. Clients connect to the host they asked, whatever address stands in the tower, which is
/// another one behind address translation and with IPv6: so each port is given for it, then for the tower's own address.
size_t read_endpoint_map(std::span<const uint8_t> payload, const IpAddress& server, std::span<Endpoint> ends) noexcept;

}  // namespace wirewatch
