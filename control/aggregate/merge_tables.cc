// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/merge_tables.h"

namespace wirewatch {
namespace {

/// `ids` may be changed on the way by `key_in` and `value_in`.
template <typename Key, typename Value, typename KeyIn, typename ValueIn>
void add_rows(BoundedMap<Key, Value>& into, const BoundedMap<Key, Value>& from, KeyIn key_in, ValueIn value_in) {
  into.make_room(from.size());
  from.for_each([&](const Key& key, const Value& value) {
    if (Value* row = into.at(key_in(key))) *row += value_in(value);
  });
}

}  // namespace

void merge_tables(Tables& into, const Tables& from, std::span<const ApplicationId> ids) {
  const auto id_in = [&](ApplicationId id) { return id < ids.size() ? ids[id] : kUnknownApplication; };
  const auto same = [](const auto& unchanged) -> const auto& { return unchanged; };

  std::vector<uint16_t> path_in(from.paths.size(), PathTable::kOverflow);
  for (uint16_t path = 0; path < from.paths.size(); ++path) {
    if (path != PathTable::kOverflow) path_in[path] = into.paths.id_of(from.paths[path]);
    into.by_path[path_in[path]] += from.by_path[path];
  }
  add_rows(
      into.by_application, from.by_application,
      [&](const PathApplication& key) {
        const uint16_t path = key.path < path_in.size() ? path_in[key.path] : PathTable::kOverflow;
        return PathApplication{path, id_in(key.application)};
      },
      same);
  add_rows(into.destinations, from.destinations, same, same);
  add_rows(into.endpoints, from.endpoints, same, same);
  add_rows(into.conversations, from.conversations, same, [&](ConversationCounts counts) {
    counts.application = id_in(counts.application);
    if (counts.application == kUnknownApplication) counts.application_packets = 0;
    return counts;
  });
}

}  // namespace wirewatch
