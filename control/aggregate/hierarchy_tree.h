// SPDX-License-Identifier: BSD-3-Clause
// Folds the workers' counts per protocol path into the tree that people know from Wireshark's protocol hierarchy.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "control/aggregate/application_names.h"
#include "control/report/report.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

/// `unsupported_link_type` names the node of frames whose link type is not dissected.
std::vector<HierarchyNode> build_hierarchy(std::span<const Tables* const> workers, const ApplicationNames& applications,
                                           std::string_view unsupported_link_type);

}  // namespace wirewatch
