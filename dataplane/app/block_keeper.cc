// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/block_keeper.h"

#include <algorithm>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {

/// An application's name goes before a category's of the same name.
Result<BlockRequest> BlockKeeper::with_kind(const BlockRequest& request) const {
  BlockRequest known = request;
  if (!request.name || registry_.find_application(request.name->name) != kUnknownApplication) return known;
  known.name->category = !registry_.in_category(request.name->name).empty();
  if (known.name->category) return known;
  auto [names, categories] = registry_.applications();
  if (names.empty()) return fail("no rules are in force yet, so that no application has a name");
  names.insert(names.end(), categories.begin(), categories.end());
  return fail("the rules name no application or category '" + request.name->name + "'" + did_you_mean(request.name->name, names));
}

Result<void> BlockKeeper::add(const BlockRequest& request, Timestamp now) {
  const auto known = with_kind(request);
  if (!known) return tl::unexpected(known.error());
  if (known->until && *known->until <= now) return fail("its time is over already");
  return known->add_to(table_, Timestamp{now.ns + kUsually_ns});
}

Result<void> BlockKeeper::remove(const BlockRequest& request) {
  const auto known = with_kind(request);
  if (!known) return tl::unexpected(known.error());
  if (known->name) found_.clear();  // those that something else blocks as well are found again
  return known->take_from(table_);
}

bool BlockKeeper::forget_expired(Timestamp now) {
  const size_t gone = std::erase_if(found_, [&](const auto& each) { return each.second <= now; });
  return table_.forget_expired(now) || gone > 0;
}

bool BlockKeeper::found(const BlockedFlow& flow) {
  if (table_.names().empty() || found_.size() >= kMostFound) return false;
  Timestamp until{};
  for (const auto& each : table_.names()) until = std::max(until, each.second);
  return found_.emplace(std::min(flow, flow.reversed()), until).second;
}

DropRules BlockKeeper::for_workers() const {
  DropRules rules;
  const auto until = [](Timestamp time) { return time == BlockTable::kForever ? kNever : time; };
  for (const auto& [prefix, time] : table_.prefixes()) rules.networks.push_back({prefix, until(time)});
  for (const auto& [flow, time] : table_.flows()) {
    rules.connections.push_back({flow.source, flow.destination, flow.ip_protocol, until(time)});
  }
  for (const auto& [name, time] : table_.names()) {
    const auto block = [&, end = until(time)](ApplicationId id) { rules.applications.push_back({id, end}); };
    if (name.category) {
      std::ranges::for_each(registry_.in_category(name.name), block);
    } else {
      block(registry_.find_application(name.name));
    }
  }
  rules.allow.assign(table_.allowed().begin(), table_.allowed().end());
  return rules;
}

BlockTable BlockKeeper::for_devices() const {
  BlockTable table = table_;
  for (const auto& [flow, until] : found_) {
    // One that does not fit any more is kept back by nobody, as when it had not been found.
    if (!table.flows().contains(flow)) static_cast<void>(table.block(flow, until));
  }
  return table;
}

}  // namespace wirewatch
