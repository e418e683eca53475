// SPDX-License-Identifier: BSD-3-Clause
// What the kernel says of a network interface: its kind, size, state, queues, time stamps and counters. Everything is
// asked over sockets, so that it answers for the network namespace of the calling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch {

/// What errno says, in words.
std::string reason(int error);

enum class LinkState : uint8_t {
  Up,
  Down,  // administratively down, or without carrier
  Gone,  // the interface does not exist any more
};

constexpr std::string_view to_string(LinkState state) noexcept {
  switch (state) {
    case LinkState::Up: return "up";
    case LinkState::Down: return "down";
    case LinkState::Gone: return "gone";
  }
  return "gone";
}

struct InterfaceInfo {
  std::string name;
  int index = 0;
  uint16_t hardware_type = 0;  // ARPHRD_*
  uint32_t mtu = 0;            // without the link header
  bool loopback = false;
  LinkState link = LinkState::Down;
  unsigned rx_queues = 1;
  std::string driver;          // empty when the driver does not say
};

/// An Error that names the interface when there is none of that name.
Result<InterfaceInfo> find_interface(std::string_view name);

/// Gone when `index` no longer exists or has been given another name.
LinkState link_state(std::string_view name, int index) noexcept;

/// How frames of an interface begin when they are read from a packet socket.
struct FrameKind {
  uint16_t link_type;   // LINKTYPE_ value of the pcap registry
  bool cooked = false;  // without a link header that could be relied on: read from the network header on
};
/// Nothing for hardware whose frames are not understood.
std::optional<FrameKind> frame_kind(uint16_t hardware_type) noexcept;

/// The stamps a NIC can give (SIOCETHTOOL, ETHTOOL_GET_TS_INFO).
struct StampAbilities {
  bool hardware_receive = false;  // every received frame, not only PTP's
  int clock_index = -1;           // N of /dev/ptpN; -1 without a hardware clock
};
StampAbilities stamp_abilities(std::string_view name) noexcept;

/// Is VLAN tag stripping by the NIC on (ethtool's rxvlan)?
bool strips_vlan(std::string_view name) noexcept;

/// The interface's own counters since it was made (rtnl_link_stats64).
struct InterfaceCounters {
  uint64_t rx_packets = 0, rx_bytes = 0, rx_errors = 0, rx_dropped = 0, rx_missed = 0, rx_fifo = 0;
  uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0, tx_dropped = 0;
};
Result<InterfaceCounters> interface_counters(int index);

}  // namespace wirewatch
