// SPDX-License-Identifier: BSD-3-Clause
// Reads out of an FTP control connection where its data connections are listened for: PORT and PASV (RFC 959, 4.1.2), EPRT
// and EPSV (RFC 2428). What is carried there is a file, and does not show what it is. The payload comes from strangers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/endpoint.h"

namespace wirewatch {

/// Writes to `ends` where the sender of this payload says that it listens, at most as many as fit; returns how many. Each
/// port is given for `source`, who sends it, then for the address that stands in the message when that is another one,
/// as it is behind address translation.
size_t read_ftp_ports(std::span<const uint8_t> payload, bool from_client, const IpAddress& source, std::span<Endpoint> ends) noexcept;

}  // namespace wirewatch
