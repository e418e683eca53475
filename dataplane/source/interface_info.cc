// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/interface_info.h"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/net_tstamp.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "dataplane/base/file_descriptor.h"

namespace wirewatch {
namespace {

/// One interface as ioctl asks about it.
class Query {
 public:
  explicit Query(std::string_view name) noexcept : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    name.copy(request_.ifr_name, IFNAMSIZ - 1);
  }

  bool ask(unsigned long what) noexcept { return ioctl(socket_.get(), what, &request_) == 0; }
  bool ethtool(void* command) noexcept {
    request_.ifr_data = static_cast<char*>(command);
    return ask(SIOCETHTOOL);
  }
  const ifreq& answer() const noexcept { return request_; }

 private:
  FileDescriptor socket_;
  ifreq request_{};
};

LinkState state_of_flags(short flags) noexcept {
  return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0 ? LinkState::Up : LinkState::Down;
}

unsigned rx_queues(Query& query) noexcept {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!query.ethtool(&channels)) return 1;
  return std::max(1u, channels.combined_count + channels.rx_count);
}

std::string driver_name(Query& query) {
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (!query.ethtool(&driver)) return {};
  return {driver.driver, strnlen(driver.driver, sizeof driver.driver)};
}

}  // namespace

std::string reason(int error) { return std::generic_category().message(error); }

Result<InterfaceInfo> find_interface(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return fail("'" + std::string(name) + "' is no interface name: expected 1 to 15 characters");
  }
  Query query(name);
  InterfaceInfo info;
  info.name = name;
  if (!query.ask(SIOCGIFINDEX)) {
    return fail(errno == ENODEV ? "there is no interface '" + info.name + "'"
                                : "cannot ask about interface '" + info.name + "': " + reason(errno));
  }
  info.index = query.answer().ifr_ifindex;
  if (!query.ask(SIOCGIFHWADDR)) return fail("cannot read the kind of interface '" + info.name + "': " + reason(errno));
  info.hardware_type = query.answer().ifr_hwaddr.sa_family;
  if (!query.ask(SIOCGIFMTU)) return fail("cannot read the MTU of interface '" + info.name + "': " + reason(errno));
  info.mtu = static_cast<uint32_t>(query.answer().ifr_mtu);
  if (!query.ask(SIOCGIFFLAGS)) return fail("cannot read the state of interface '" + info.name + "': " + reason(errno));
  info.loopback = (query.answer().ifr_flags & IFF_LOOPBACK) != 0;
  info.link = state_of_flags(query.answer().ifr_flags);
  info.rx_queues = rx_queues(query);
  info.driver = driver_name(query);
  return info;
}

LinkState link_state(std::string_view name, int index) noexcept {
  Query query(name);
  if (!query.ask(SIOCGIFINDEX) || query.answer().ifr_ifindex != index) return LinkState::Gone;
  return query.ask(SIOCGIFFLAGS) ? state_of_flags(query.answer().ifr_flags) : LinkState::Gone;
}

std::optional<FrameKind> frame_kind(uint16_t hardware_type) noexcept {
  constexpr uint16_t kEthernet = 1, kRawIp = 101, kWlan = 105, kPrism = 119, kRadiotap = 127;
  switch (hardware_type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:  // carries an Ethernet header of zeros
      return FrameKind{kEthernet};
    case ARPHRD_IEEE80211:
      return FrameKind{kWlan};
    case ARPHRD_IEEE80211_PRISM:
      return FrameKind{kPrism};
    case ARPHRD_IEEE80211_RADIOTAP:
      return FrameKind{kRadiotap};
    // Tunnels and point-to-point links: what lies before the IP header differs by direction, so it is left out.
    case ARPHRD_NONE:
    case ARPHRD_RAWIP:
    case ARPHRD_PPP:
    case ARPHRD_SLIP:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
      return FrameKind{kRawIp, true};
    default:
      return std::nullopt;
  }
}

StampAbilities stamp_abilities(std::string_view name) noexcept {
  Query query(name);
  ethtool_ts_info info{};
  info.cmd = ETHTOOL_GET_TS_INFO;
  info.phc_index = -1;
  if (!query.ethtool(&info)) return {};
  constexpr uint32_t kReceive = SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE;
  const bool every_frame = (info.rx_filters & (1u << HWTSTAMP_FILTER_ALL)) != 0;
  return {.hardware_receive = every_frame && (info.so_timestamping & kReceive) == kReceive, .clock_index = info.phc_index};
}

bool strips_vlan(std::string_view name) noexcept {
  Query query(name);
  ethtool_value flags{.cmd = ETHTOOL_GFLAGS, .data = 0};
  return query.ethtool(&flags) && (flags.data & ETH_FLAG_RXVLAN) != 0;
}

Result<InterfaceCounters> interface_counters(int index) {
  const FileDescriptor route(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  struct {
    nlmsghdr header{.nlmsg_len = sizeof(nlmsghdr) + sizeof(if_stats_msg),
                    .nlmsg_type = RTM_GETSTATS,
                    .nlmsg_flags = NLM_F_REQUEST,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
    if_stats_msg about{};
  } request;
  request.about.ifindex = static_cast<uint32_t>(index);
  request.about.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  if (send(route.get(), &request, sizeof request, 0) < 0) return fail("cannot ask for interface counters: " + reason(errno));

  alignas(nlmsghdr) char answer[4096];
  const ssize_t length = recv(route.get(), answer, sizeof answer, 0);
  if (length < 0) return fail("cannot read interface counters: " + reason(errno));
  auto left = static_cast<unsigned>(length);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer);
  if (!NLMSG_OK(header, left) || header->nlmsg_type != RTM_NEWSTATS) {
    return fail("the kernel has no counters for interface number " + std::to_string(index));
  }
  constexpr unsigned kAttributesAt = NLMSG_LENGTH(sizeof(if_stats_msg));
  unsigned remaining = header->nlmsg_len - std::min(header->nlmsg_len, kAttributesAt);
  const auto* attribute = reinterpret_cast<const rtattr*>(answer + kAttributesAt);
  for (; RTA_OK(attribute, remaining); attribute = RTA_NEXT(attribute, remaining)) {
    if (attribute->rta_type != IFLA_STATS_LINK_64) continue;
    rtnl_link_stats64 stats{};
    std::memcpy(&stats, RTA_DATA(attribute), std::min<size_t>(sizeof stats, RTA_PAYLOAD(attribute)));
    return InterfaceCounters{.rx_packets = stats.rx_packets, .rx_bytes = stats.rx_bytes, .rx_errors = stats.rx_errors,
                             .rx_dropped = stats.rx_dropped, .rx_missed = stats.rx_missed_errors,
                             .rx_fifo = stats.rx_fifo_errors, .tx_packets = stats.tx_packets,
                             .tx_bytes = stats.tx_bytes, .tx_errors = stats.tx_errors, .tx_dropped = stats.tx_dropped};
  }
  return fail("the kernel's answer holds no counters for interface number " + std::to_string(index));
}

}  // namespace wirewatch
