// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch doctor`: what keeps live capture from working, or from working well, on this machine. Needs no
// daemon, no privilege, and changes nothing.
#pragma once

#include <string>
#include <vector>

#include "control/doctor/finding.h"
#include "control/doctor/machine.h"

namespace wirewatch {

struct Examination {
  std::string dataplane;                // the data plane's program; empty when it was not found
  std::vector<std::string> interfaces;  // to look at; none: those with a device behind them
};

Findings examine(const Machine& machine, const Examination& examination);

/// The worst of all findings.
Health overall(const Findings& findings) noexcept;

}  // namespace wirewatch
