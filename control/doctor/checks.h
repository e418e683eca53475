// SPDX-License-Identifier: BSD-3-Clause
// The checks of `wirewatch doctor`, by what they look at. Each adds its findings; none changes anything.
#pragma once

#include <string>
#include <vector>

#include "control/doctor/finding.h"
#include "control/doctor/machine.h"

namespace wirewatch {

/// Version, type information, sockets, clock.
void check_kernel(const Machine& machine, Findings& findings);
/// Hugepages, transparent ones, locked memory.
void check_memory(const Machine& machine, Findings& findings);
/// What the data plane may do; `dataplane` is the path of its program, empty when it was not found.
void check_privileges(const Machine& machine, const std::string& dataplane, Findings& findings);
void check_libraries(const Machine& machine, Findings& findings);
/// Driver, link, queues, time stamps and offloads of one interface.
void check_interface(const Machine& machine, const std::string& interface, Findings& findings);
/// Interfaces with a device behind them, sorted.
std::vector<std::string> physical_interfaces(const Machine& machine);

}  // namespace wirewatch
