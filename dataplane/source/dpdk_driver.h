// SPDX-License-Identifier: BSD-3-Clause
// What has to be known of DPDK's drivers beyond what they say of themselves: one table. And what device arguments must
// not be given to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"
#include "dataplane/source/source.h"

namespace wirewatch {

struct DpdkDevice {
  std::string name;       // "0000:3b:00.0", "net_pcap0"
  std::string arguments;  // all of what was given: the name, and what follows it after a comma
  bool is_pci = false;    // probed on its bus; everything else is a virtual device to be made
};

/// Takes `dpdk:`'s target apart. Refuses net_failsafe and net_vdev_netvsc, naming what to use in their place.
Result<DpdkDevice> parse_dpdk_device(const std::string& arguments);

struct DriverFacts {
  TimestampSource stamps;        // what a stamp of this driver is, when it stamps
  int64_t stamp_unit_ns;         // of stamps that are times; the device's own otherwise
  bool stamps_are_times;         // taken as they are: a capture's own, or the kernel's
  bool spreads_symmetrically;    // false: its RSS cannot be trusted, whatever it answers
};

/// `driver` is rte_eth_dev_info's name.
DriverFacts facts_of(std::string_view driver, const DpdkDevice& device);

}  // namespace wirewatch
