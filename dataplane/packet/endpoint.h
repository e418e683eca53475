// SPDX-License-Identifier: BSD-3-Clause
// An address and a port: one end of a connection.
#pragma once

#include <cstdint>

#include "dataplane/packet/ip_address.h"

namespace wirewatch {

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) noexcept = default;
};

}  // namespace wirewatch
