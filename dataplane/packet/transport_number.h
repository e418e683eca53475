// SPDX-License-Identifier: BSD-3-Clause
// Transports by their numbers in IP headers (IANA, Assigned Internet Protocol Numbers).
#pragma once

#include <cstdint>

namespace wirewatch::transport_number {

inline constexpr uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kUdpLite = 136;

}  // namespace wirewatch::transport_number
