// SPDX-License-Identifier: BSD-3-Clause
// The libraries of the two programs, by the names that their binaries ask the linker for.
#include <algorithm>
#include <array>

#include "control/doctor/checks.h"

namespace wirewatch {
namespace {

struct Library {
  const char* file;
  const char* package;  // Debian 12
  Health without;
  const char* says;
};

constexpr std::array kLibraries{
    Library{"libhs.so.5", "libhyperscan5", Health::Fail, "Hyperscan is missing: no program starts"},
    Library{"librte_ethdev.so.23", "dpdk", Health::Fail,
            "DPDK 22.11 is missing: the data plane does not start"},
    Library{"libxdp.so.1", "libxdp1", Health::Fail, "libxdp is missing: the data plane does not start"},
    Library{"libbpf.so.1", "libbpf1", Health::Fail, "libbpf is missing: the data plane does not start"}};

/// DPDK loads its drivers as plugins; without them it finds no NIC at all.
bool has_poll_mode_drivers(const Machine& machine) {
  for (const std::string& triplet : machine.list("/usr/lib")) {
    const auto folders = machine.list("/usr/lib/" + triplet + "/dpdk");
    if (std::any_of(folders.begin(), folders.end(),
                    [](const std::string& each) { return each.starts_with("pmds-"); }))
      return true;
  }
  return false;
}

}  // namespace

void check_libraries(const Machine& machine, Findings& findings) {
  bool complete = true;
  for (const Library& library : kLibraries) {
    if (machine.has_library(library.file)) continue;
    complete = false;
    findings.push_back({std::string(kMachine),
                        "libraries",
                        library.without,
                        library.says,
                        {std::string("apt-get install --no-install-recommends ") + library.package}});
  }
  if (machine.has_library("librte_ethdev.so.23") && !has_poll_mode_drivers(machine)) {
    complete = false;
    findings.push_back({std::string(kMachine),
                        "libraries",
                        Health::Warn,
                        "DPDK has none of its drivers: dpdk: ports find no NIC",
                        {"apt-get install --no-install-recommends dpdk"}});
  }
  if (complete)
    findings.push_back(
        {std::string(kMachine), "libraries", Health::Ok, "Hyperscan, DPDK, libbpf and libxdp are there", {}});
}

}  // namespace wirewatch
