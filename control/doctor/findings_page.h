// SPDX-License-Identifier: BSD-3-Clause
// The findings, for people and for programs.
#pragma once

#include <string>

#include "control/doctor/finding.h"
#include "control/report/page.h"

namespace wirewatch {

/// One block a subject; under each fault the commands that mend it.
std::string findings_text(const Findings& findings, const PageStyle& style);

/// One document: {"schema": "wirewatch/doctor/1", "health": ..., "findings": [{subject, check, health, says,
/// mend}]}.
std::string findings_json(const Findings& findings);

}  // namespace wirewatch
