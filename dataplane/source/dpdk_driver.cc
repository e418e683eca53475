// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_driver.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace wirewatch {
namespace {

/// "0000:3b:00.0" or "3b:00.0".
bool is_pci_address(std::string_view name) {
  const size_t dot = name.rfind('.');
  const auto colons = std::ranges::count(name, ':');
  if (dot == std::string_view::npos || colons < 1 || colons > 2) return false;
  return std::ranges::all_of(name, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.'; });
}

struct Untrusted {
  std::string_view driver;
};
// Their hash key cannot be set, or setting it changes nothing.
constexpr std::array kUnsymmetric{Untrusted{"net_netvsc"},    Untrusted{"net_mana"},   Untrusted{"net_af_xdp"},
                                  Untrusted{"net_af_packet"}, Untrusted{"net_tap"},    Untrusted{"net_virtio_user"},
                                  Untrusted{"net_ena"},       Untrusted{"net_vmxnet3"}};

}  // namespace

Result<DpdkDevice> parse_dpdk_device(const std::string& arguments) {
  DpdkDevice device{arguments.substr(0, arguments.find(',')), arguments, false};
  if (device.name.starts_with("net_failsafe") || device.name.starts_with("net_vdev_netvsc") || device.name.starts_with("eth_failsafe")) {
    return fail("'" + device.name +
                "' loses the first packet of every flow on Azure, which is the SYN; bind the interface to uio_hv_generic and give its "
                "VMBus device to net_netvsc, or use afxdp: or afpacket: on the kernel's interface");
  }
  device.is_pci = is_pci_address(device.name);
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:.";
  if (device.name.empty() || device.name.find_first_not_of(kAllowed) != std::string::npos) {
    return fail("'" + device.name + "' names no device; expected a PCI address such as 0000:3b:00.0, or a driver and a number such as net_ring0");
  }
  return device;
}

DriverFacts facts_of(std::string_view driver, const DpdkDevice& device) {
  DriverFacts facts{TimestampSource::Nic, 1, false, true};
  if (driver == "net_pcap") {
    const bool from_file = device.arguments.find("rx_pcap=") != std::string::npos;
    facts = {from_file ? TimestampSource::File : TimestampSource::Kernel, 1'000, true, false};  // since the epoch, even from ns files
  }
  if (std::ranges::find(kUnsymmetric, driver, &Untrusted::driver) != kUnsymmetric.end()) facts.spreads_symmetrically = false;
  return facts;
}

}  // namespace wirewatch
