// SPDX-License-Identifier: BSD-3-Clause
// Who a flow is between: innermost addresses and ports, in an order that is the same for both directions.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "dataplane/packet/ip_address.h"

namespace wirewatch {

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) noexcept = default;
};

}  // namespace wirewatch
