// SPDX-License-Identifier: BSD-3-Clause
// Adds one worker's tables to others under other application ids: names of a data plane that ended go on under the
// ids of the one that runs.
#pragma once

#include <algorithm>
#include <span>

#include "dataplane/stats/tables.h"

namespace wirewatch {

/// `ids` gives the id to use by the id in `from`; ids beyond it become unknown. Rows that no longer fit are refused and
/// counted by the map they were for.
void merge_tables(Tables& into, const Tables& from, std::span<const ApplicationId> ids);

/// Moves the rows that all workers have in one of their tables into that of whoever has most, where they are not copied again
/// to be ranked; the others' tables are empty then.
template <typename Key, typename Value>
void bring_together(std::span<Tables* const> workers, BoundedMap<Key, Value> Tables::*table) {
  const auto longest = std::ranges::max_element(workers, {}, [&](const Tables* tables) { return (tables->*table).size(); });
  for (Tables* const tables : workers) {
    if (tables == *longest) continue;
    ((*longest)->*table).add_all(tables->*table);
    tables->*table = BoundedMap<Key, Value>(0);
  }
}

}  // namespace wirewatch
