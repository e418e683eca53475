// SPDX-License-Identifier: BSD-3-Clause
// Flow keys for tests: few enough to meet again, enough to fill a table.
#pragma once

#include "dataplane/packet/flow_key.h"

namespace wirewatch::testing {

/// The `number`th of many keys, all different.
inline FlowKey key_number(uint32_t number, IpFamily family = IpFamily::V4) {
  FlowKey key;
  key.low_address = {10, 0, 0, 1};
  key.high_address = {10, static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  if (family == IpFamily::V6) key.high_address[15] = 9;
  key.low_port = 443;
  key.high_port = static_cast<uint16_t>(1024 + number % 50000);
  key.ip_protocol = 6;
  key.family = family;
  return key;
}

}  // namespace wirewatch::testing
