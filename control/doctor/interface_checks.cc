// SPDX-License-Identifier: BSD-3-Clause
// One network interface: can it be watched, by which source, with which clock, and is what it hands on what
// came in?
#include <algorithm>
#include <array>

#include "control/doctor/checks.h"
#include "control/report/human.h"

namespace wirewatch {
namespace {

constexpr const char* kNetFolder = "/sys/class/net/";

std::string folder_of(const std::string& interface) { return kNetFolder + interface; }

/// Drivers about which there is something to know.
struct Driver {
  std::string_view name;
  Health health;
  const char* says;
};

constexpr std::array kDrivers{
    Driver{"mana", Health::Warn,
           "Debian 12's DPDK has no driver for it (net_mana): watch it with afxdp: or afpacket:"},
    Driver{"mlx5_core", Health::Ok,
           "dpdk: shares it with the kernel; its hardware ticks are converted by the data plane"},
    Driver{"mlx4_core", Health::Warn, "no receive time stamps and no symmetric spreading through DPDK"},
    Driver{"ena", Health::Warn,
           "the hash key cannot be changed on some sizes: packets are re-steered in software"}};

std::string name_of(const Machine& machine, const std::string& interface) {
  return machine.link_name(folder_of(interface) + "/device/driver").value_or("");
}

void check_driver(const Machine& machine, const std::string& interface, Findings& findings) {
  const std::string driver = name_of(machine, interface);
  if (driver.empty()) return;  // virtual: nothing behind it to drive
  Finding finding{interface, "driver", Health::Ok, driver, {}};
  const auto master = machine.link_name(folder_of(interface) + "/master");
  if (master && name_of(machine, *master) == "hv_netvsc") {
    // Azure's accelerated networking: the VF carries the packets, the synthetic interface above it has all of
    // them.
    finding.health = Health::Warn;
    finding.says +=
        ": accelerated half of " + *master + ", which sees what this one sees and the rest; watch that one";
    finding.mend = {"wirewatch doctor --interface " + *master};
  } else if (driver == "hv_netvsc") {
    const std::string device = machine.link_name(folder_of(interface) + "/device").value_or("DEVICE");
    finding.health = Health::Warn;
    finding.says +=
        ": afpacket: and afxdp: work as it is; dpdk: needs net_netvsc, never net_failsafe or "
        "net_vdev_netvsc, which lose "
        "the first packet of every flow, the SYN";
    finding.mend = {"modprobe uio_hv_generic",
                    "driverctl -b vmbus set-override " + device + " uio_hv_generic"};
  } else {
    const auto known = std::find_if(kDrivers.begin(), kDrivers.end(),
                                    [&](const Driver& each) { return each.name == driver; });
    if (known != kDrivers.end()) {
      finding.health = known->health;
      finding.says += std::string(": ") + known->says;
      if (driver == "mana") finding.mend = {"wirewatch-dataplane --port afpacket:" + interface};
    }
  }
  findings.push_back(std::move(finding));
}

void check_link(const Machine& machine, const std::string& interface, Findings& findings) {
  const std::string state = machine.read(folder_of(interface) + "/operstate").value_or("unknown");
  Finding finding{interface, "link", Health::Ok, "", {}};
  constexpr uint64_t kUp = 1;  // IFF_UP of <linux/if.h>
  const std::string flags = machine.read(folder_of(interface) + "/flags").value_or("0x0");
  const bool up = (std::strtoull(flags.c_str(), nullptr, 16) & kUp) != 0;
  if (!up) {
    finding.health = Health::Warn;
    finding.says = "switched off: nothing is received";
    finding.mend = {"ip link set " + interface + " up"};
  } else if (state == "up" || state == "unknown") {
    finding.says = "up";
    const auto speed = machine.number(folder_of(interface) + "/speed");  // -1 when the driver does not know
    if (speed && *speed > 0) finding.says += ", " + human_bit_rate(static_cast<double>(*speed) * 1e6);
  } else {
    finding.health = Health::Warn;
    finding.says = "on, but without a partner at the other end (" + state + ")";
    finding.mend = {"ethtool " + interface};
  }
  const auto mtu = machine.number(folder_of(interface) + "/mtu");
  if (mtu) finding.says += ", MTU " + std::to_string(*mtu);
  const auto node = machine.read(folder_of(interface) + "/device/numa_node");
  if (node && *node != "-1") finding.says += ", NUMA node " + *node;
  findings.push_back(std::move(finding));
}

/// A Toeplitz key whose 16-bit words are all equal gives both directions of a connection the same hash.
bool is_symmetric(const ReceiveHash& hash) noexcept {
  if (!hash.toeplitz || hash.key.size() < 4 || hash.key.size() % 2 != 0) return false;
  for (size_t i = 2; i < hash.key.size(); ++i) {
    if (hash.key[i] != hash.key[i - 2]) return false;
  }
  return true;
}

std::string symmetric_key(size_t size) {
  std::string key;
  for (size_t i = 0; i < size; ++i) key += std::string(i == 0 ? "" : ":") + (i % 2 == 0 ? "6d" : "5a");
  return key;
}

void check_spreading(const Machine& machine, const std::string& interface, Findings& findings) {
  const auto queues = machine.ethtool().receive_queues(interface);
  const auto hash = machine.ethtool().receive_hash(interface);
  Finding finding{interface, "rss", Health::Ok, "", {}};
  if (!queues || *queues <= 1) {
    finding.says = "one receive queue: both directions of a connection meet in it";
  } else if (!hash || hash->key.empty()) {
    finding.health = Health::Warn;
    finding.says = human_count(*queues) +
                   " receive queues, and the driver keeps its hash key to itself: packets that reach the "
                   "wrong worker are "
                   "handed over in software and counted as wrong_queue";
    finding.mend = {"ethtool -L " + interface + " combined 1"};
  } else if (is_symmetric(*hash)) {
    finding.says = human_count(*queues) + " receive queues with a symmetric key";
  } else {
    finding.health = Health::Warn;
    finding.says =
        human_count(*queues) +
        " receive queues, and the two directions of a connection go to different ones: the data plane sets a "
        "symmetric key on dpdk: ports; for the kernel's sources set it here";
    finding.mend = {"ethtool -X " + interface + " hkey " + symmetric_key(hash->key.size())};
  }
  findings.push_back(std::move(finding));
}

void check_time_stamps(const Machine& machine, const std::string& interface, Findings& findings) {
  const auto abilities = machine.ethtool().timestamps(interface);
  Finding finding{interface, "timestamps", Health::Ok, "", {}};
  if (abilities && abilities->hardware_receive && abilities->all_packets) {
    finding.says = "the NIC stamps every packet";
    if (abilities->clock >= 0) finding.says += " (/dev/ptp" + std::to_string(abilities->clock) + ")";
  } else if (abilities && abilities->hardware_receive) {
    finding.says =
        "the NIC stamps packets of PTP only: the others get the kernel's time when they are taken in";
  } else {
    finding.says = "no hardware stamps: packets get the kernel's time when they are taken in";
  }
  findings.push_back(std::move(finding));
}

void check_offloads(const Machine& machine, const std::string& interface, Findings& findings) {
  const bool generic = machine.ethtool().generic_receive_offload(interface).value_or(false);
  const bool large = machine.ethtool().large_receive_offload(interface).value_or(false);
  if (!generic && !large) {
    findings.push_back(
        {interface, "offloads", Health::Ok, "GRO and LRO are off: frames are seen as they came", {}});
    return;
  }
  const std::string which = generic && large ? "GRO and LRO are" : generic ? "GRO is" : "LRO is";
  findings.push_back({interface,
                      "offloads",
                      Health::Warn,
                      which + " on: afpacket: ports may see several frames as one, larger than the wire had",
                      {"ethtool -K " + interface + (generic ? " gro off" : "") + (large ? " lro off" : "")}});
}

}  // namespace

std::vector<std::string> physical_interfaces(const Machine& machine) {
  std::vector<std::string> found;
  for (const std::string& name : machine.list("/sys/class/net")) {
    if (machine.exists(folder_of(name) + "/device")) found.push_back(name);
  }
  return found;
}

void check_interface(const Machine& machine, const std::string& interface, Findings& findings) {
  if (!machine.exists(folder_of(interface))) {
    findings.push_back(
        {interface, "link", Health::Fail, "there is no interface of this name", {"ip -brief link"}});
    return;
  }
  check_driver(machine, interface, findings);
  check_link(machine, interface, findings);
  check_spreading(machine, interface, findings);
  check_time_stamps(machine, interface, findings);
  check_offloads(machine, interface, findings);
}

}  // namespace wirewatch
