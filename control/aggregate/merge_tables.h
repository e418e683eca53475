// SPDX-License-Identifier: BSD-3-Clause
// Adds one worker's tables to others under other application ids: names of a data plane that ended go on under the
// ids of the one that runs.
#pragma once

#include <span>

#include "dataplane/stats/tables.h"

namespace wirewatch {

/// `ids` gives the id to use by the id in `from`; ids beyond it become unknown. Rows that no longer fit are refused and
/// counted by the map they were for.
void merge_tables(Tables& into, const Tables& from, std::span<const ApplicationId> ids);

}  // namespace wirewatch
