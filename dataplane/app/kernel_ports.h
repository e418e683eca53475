// SPDX-License-Identifier: BSD-3-Clause
// `afpacket:` and `afxdp:` ports: interfaces that the kernel drives.
#pragma once

#include <memory>

#include "dataplane/app/port.h"

namespace wirewatch {

/// `tsc` outlives the port.
Result<std::unique_ptr<Port>> open_afpacket_port(const PortConfig& config, uint16_t number, const TscClock& tsc);
/// Refused where the program was built without AF_XDP.
Result<std::unique_ptr<Port>> open_afxdp_port(const PortConfig& config, uint16_t number, const TscClock& tsc);

}  // namespace wirewatch
