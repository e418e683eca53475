// SPDX-License-Identifier: BSD-3-Clause
// What ports count beside their frames is published in one list: losses, and remarks on frames that came otherwise than
// expected and were seen all the same. People are told of the two apart.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace wirewatch {

/// Counters that do not count frames lost. Whatever is not here does: an unknown name is better alarming than
/// hidden.
inline constexpr auto kRemarks = std::to_array<std::string_view>(
    {"frames_cut_by_ring", "frames_merged_by_gro_or_lro", "frames_stamped_by_nic", "frames_without_stamp",
     "nic_stamps_refused", "packet_socket_freezes", "vlan_tags_put_back", "wrong_queue", "xdp_blocked_flow",
     "xdp_blocked_ipv4_prefix", "xdp_blocked_ipv6_prefix", "xdp_passed_to_host", "xdp_redirected", "xdp_rx_fill_ring_empty",
     "xdp_rx_invalid_descriptors", "xdp_seen", "xdp_spared_by_allow_list", "xdp_tx_invalid_descriptors",
     "xdp_tx_ring_empty", "xdp_unstamped"});

inline bool is_loss(std::string_view counter) noexcept {
  return std::find(kRemarks.begin(), kRemarks.end(), counter) == kRemarks.end();
}

}  // namespace wirewatch
