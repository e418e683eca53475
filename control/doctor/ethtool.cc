// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor/ethtool.h"

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace wirewatch {
namespace {

// <linux/ethtool.h> ETH_RSS_HASH_TOP: the bit of the Toeplitz function in ethtool_rxfh::hfunc.
constexpr uint8_t kToeplitz = 1;
// Larger than any NIC's; what a driver claims beyond that is not believed.
constexpr uint32_t kMostHashBytes = 64 * 1024;

}  // namespace

KernelEthtool::KernelEthtool() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

KernelEthtool::~KernelEthtool() {
  if (socket_ >= 0) ::close(socket_);
}

bool KernelEthtool::ask(std::string_view interface, void* question) const {
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return false;
  std::copy(interface.begin(), interface.end(), request.ifr_name);
  request.ifr_data = static_cast<char*>(question);
  return ::ioctl(socket_, SIOCETHTOOL, &request) == 0;
}

std::optional<uint32_t> KernelEthtool::value(std::string_view interface, uint32_t command) const {
  ethtool_value question{};
  question.cmd = command;
  if (!ask(interface, &question)) return std::nullopt;
  return question.data;
}

std::optional<TimestampAbilities> KernelEthtool::timestamps(std::string_view interface) const {
  ethtool_ts_info question{};
  question.cmd = ETHTOOL_GET_TS_INFO;
  if (!ask(interface, &question)) return std::nullopt;
  constexpr uint32_t kHardware = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
  TimestampAbilities abilities;
  abilities.hardware_receive = (question.so_timestamping & kHardware) == kHardware;
  abilities.all_packets = (question.rx_filters & (1u << HWTSTAMP_FILTER_ALL)) != 0;
  abilities.clock = question.phc_index;
  return abilities;
}

std::optional<ReceiveHash> KernelEthtool::receive_hash(std::string_view interface) const {
  ethtool_rxfh sizes{};
  sizes.cmd = ETHTOOL_GRSSH;
  if (!ask(interface, &sizes)) return std::nullopt;
  ReceiveHash hash;
  hash.toeplitz = sizes.hfunc == 0 || (sizes.hfunc & kToeplitz) != 0;
  const uint32_t table_bytes = sizes.indir_size * static_cast<uint32_t>(sizeof(uint32_t));
  if (sizes.key_size == 0 || sizes.indir_size > kMostHashBytes || sizes.key_size > kMostHashBytes)
    return hash;
  std::vector<uint32_t> answer((sizeof(ethtool_rxfh) + table_bytes + sizes.key_size + 3) / sizeof(uint32_t));
  std::memcpy(answer.data(), &sizes, sizeof sizes);
  if (!ask(interface, answer.data())) return hash;
  const auto* bytes = reinterpret_cast<const uint8_t*>(answer.data()) + sizeof(ethtool_rxfh) + table_bytes;
  hash.key.assign(bytes, bytes + sizes.key_size);
  return hash;
}

std::optional<uint32_t> KernelEthtool::receive_queues(std::string_view interface) const {
  ethtool_channels question{};
  question.cmd = ETHTOOL_GCHANNELS;
  if (!ask(interface, &question)) return std::nullopt;
  return question.rx_count + question.combined_count;
}

std::optional<bool> KernelEthtool::generic_receive_offload(std::string_view interface) const {
  const auto answer = value(interface, ETHTOOL_GGRO);
  return answer ? std::optional<bool>(*answer != 0) : std::nullopt;
}

std::optional<bool> KernelEthtool::large_receive_offload(std::string_view interface) const {
  const auto answer = value(interface, ETHTOOL_GFLAGS);
  return answer ? std::optional<bool>((*answer & ETH_FLAG_LRO) != 0) : std::nullopt;
}

}  // namespace wirewatch
