// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor/doctor.h"

#include <algorithm>

#include "control/doctor/checks.h"

namespace wirewatch {

Findings examine(const Machine& machine, const Examination& examination) {
  Findings findings;
  check_kernel(machine, findings);
  check_memory(machine, findings);
  check_privileges(machine, examination.dataplane, findings);
  check_libraries(machine, findings);
  const auto interfaces =
      examination.interfaces.empty() ? physical_interfaces(machine) : examination.interfaces;
  if (interfaces.empty()) {
    findings.push_back(
        {std::string(kMachine),
         "interfaces",
         Health::Warn,
         "no network interface has a device behind it; virtual ones are looked at when they are named",
         {"ip -brief link", "wirewatch doctor --interface NAME"}});
  }
  for (const std::string& interface : interfaces) check_interface(machine, interface, findings);
  return findings;
}

Health overall(const Findings& findings) noexcept {
  Health worst = Health::Ok;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

}  // namespace wirewatch
