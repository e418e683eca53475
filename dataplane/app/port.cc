// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/port.h"

#include <algorithm>

#include "dataplane/app/kernel_ports.h"
#include "dataplane/app/replay_port.h"
#ifdef WIREWATCH_HAS_DPDK
#include "dataplane/app/dpdk_app_port.h"
#endif

namespace wirewatch {
namespace {

bool is_dpdk(const PortConfig& port) { return port.spec.kind == SourceKind::Dpdk; }

#ifdef WIREWATCH_HAS_DPDK
Result<std::unique_ptr<Port>> open_dpdk_port(const PortConfig& config, const DataplaneConfig& all, uint16_t number, const TscClock& tsc) {
  auto port = DpdkAppPort::open(config, all, number, tsc);
  if (!port) return tl::unexpected(port.error());
  return std::unique_ptr<Port>(std::move(*port));
}
#else
Result<void> start_dpdk(const DataplaneConfig&) {
  return fail("this program was built without DPDK; use afpacket: or afxdp: on the kernel's interface");
}
Result<std::unique_ptr<Port>> open_dpdk_port(const PortConfig&, const DataplaneConfig&, uint16_t, const TscClock&) { return fail("no DPDK"); }
#endif

/// Each port of a pair sends by the other.
Result<void> join_pairs(const std::vector<std::unique_ptr<Port>>& ports) {
  for (const auto& port : ports) {
    for (const auto& partner : ports) {
      if (port->config().inline_with.empty() || partner->config().name != port->config().inline_with) continue;
      if (const auto joined = port->join(*partner); !joined) return fail("port '" + port->config().name + "': " + joined.error().message);
    }
  }
  return {};
}

Result<std::unique_ptr<Port>> open_port(const PortConfig& config, const DataplaneConfig& all, uint16_t number, const TscClock& tsc) {
  switch (config.spec.kind) {
    case SourceKind::Dpdk:
      return open_dpdk_port(config, all, number, tsc);
    case SourceKind::AfPacket:
      return open_afpacket_port(config, number, tsc);
    case SourceKind::AfXdp:
      return open_afxdp_port(config, number, tsc);
    case SourceKind::File:
    case SourceKind::Replay:
      break;
  }
  return ReplayPort::open(config, number, tsc);
}

}  // namespace

Result<void> Port::join(Port&) { return fail("it reads captures, and cannot be half of an inline pair"); }

Result<void> Port::use_hardware_clock(bool) {
  return fail("port '" + config_.name + "' has no clock that could be switched: it reads captures");
}

std::string why_no_pair_of_many(const std::string& because) {
  return because + ", so that several workers of an inline pair would each see one direction of a connection: give both ports workers = 1, or, "
                   "when you know that the hash is symmetric, steering = \"nic\"";
}

Result<void> Port::apply(const BlockTable&) { return {}; }

Result<void> Port::replay(std::unique_ptr<CaptureReader>, double, std::string) {
  return fail("port '" + config_.name + "' takes no captures");
}

Result<std::vector<std::unique_ptr<Port>>> open_ports(const DataplaneConfig& config, const TscClock& tsc) {
  if (std::ranges::any_of(config.ports, is_dpdk)) {
    if (const auto started = start_dpdk(config); !started) return tl::unexpected(started.error());
  }
  std::vector<std::unique_ptr<Port>> ports;
  for (const PortConfig& each : config.ports) {
    auto port = open_port(each, config, static_cast<uint16_t>(ports.size()), tsc);
    if (!port) return fail("port '" + each.name + "': " + port.error().message);
    ports.push_back(std::move(*port));
  }
  if (const auto joined = join_pairs(ports); !joined) return tl::unexpected(joined.error());
  return ports;
}

}  // namespace wirewatch
