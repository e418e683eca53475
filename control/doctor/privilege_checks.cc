// SPDX-License-Identifier: BSD-3-Clause
// What the data plane may do. It needs five capabilities, and never root.
#include <array>
#include <charconv>

#include "control/doctor/checks.h"

namespace wirewatch {
namespace {

struct Capability {
  unsigned bit;  // <linux/capability.h>
  const char* name;
};

constexpr Capability kNetRaw{13, "CAP_NET_RAW"};
constexpr std::array kWanted{kNetRaw, Capability{12, "CAP_NET_ADMIN"}, Capability{39, "CAP_BPF"},
                             Capability{38, "CAP_PERFMON"}, Capability{14, "CAP_IPC_LOCK"}};
constexpr const char* kSetcap = "setcap cap_net_raw,cap_net_admin,cap_bpf,cap_perfmon,cap_ipc_lock=ep ";

bool has(uint64_t set, const Capability& capability) noexcept { return (set >> capability.bit & 1) != 0; }

uint64_t own(const Machine& machine, std::string_view set) {
  const std::string mask = machine.value_of("/proc/self/status", set).value_or("0");
  uint64_t bits = 0;
  std::from_chars(mask.data(), mask.data() + mask.size(), bits, 16);
  return bits;
}

std::string names_of(uint64_t missing) {
  std::string names;
  for (const Capability& each : kWanted) {
    if (has(missing, each)) names += (names.empty() ? "" : ", ") + std::string(each.name);
  }
  return names;
}

}  // namespace

void check_privileges(const Machine& machine, const std::string& dataplane, Findings& findings) {
  uint64_t wanted = 0;
  for (const Capability& each : kWanted) wanted |= uint64_t{1} << each.bit;
  const uint64_t mine = own(machine, "CapEff");
  const uint64_t files = dataplane.empty() ? 0 : machine.file_capabilities(dataplane).value_or(0);
  const uint64_t allowed = own(machine, "CapBnd");
  const uint64_t missing = wanted & ~(mine | (files & allowed));
  Finding finding{std::string(kMachine), "capabilities", Health::Ok, "", {}};
  const std::string program = dataplane.empty() ? "$(command -v wirewatch-dataplane)" : dataplane;
  if (missing == 0) {
    finding.says = (wanted & ~mine) == 0 ? "whoever runs this may open every kind of port"
                                         : "the data plane's program brings the five it needs";
  } else if ((missing & ~allowed) != 0) {
    finding.health = has(missing, kNetRaw) ? Health::Fail : Health::Warn;
    finding.says =
        names_of(missing & ~allowed) + " can be had by nobody here (a container?): start it with --cap-add";
  } else if (has(missing, kNetRaw)) {
    finding.health = Health::Fail;
    finding.says = "no live port can be opened without " + names_of(missing);
    finding.mend = {kSetcap + program};
  } else {
    finding.health = Health::Warn;
    finding.says = "afpacket: ports work; afxdp: ports lack " + names_of(missing);
    finding.mend = {kSetcap + program};
  }
  findings.push_back(std::move(finding));
}

}  // namespace wirewatch
