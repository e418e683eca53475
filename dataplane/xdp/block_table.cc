// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/xdp/block_table.h"

#include <algorithm>
#include <tuple>

#include "dataplane/xdp/layout.h"

namespace wirewatch {
namespace {

uint8_t longest(IpFamily family) noexcept { return family == IpFamily::V4 ? 32 : 128; }

IpPrefix cut_to_length(IpPrefix prefix) noexcept {
  prefix.length = std::min(prefix.length, longest(prefix.address.family));
  for (size_t i = 0; i < prefix.address.bytes.size(); ++i) {
    const size_t kept = prefix.length > i * 8 ? std::min<size_t>(8, prefix.length - i * 8) : 0;
    prefix.address.bytes[i] &= static_cast<uint8_t>(0xff00u >> kept);
  }
  return prefix;
}

BlockedFlow in_one_order(const BlockedFlow& flow) noexcept { return std::min(flow, flow.reversed()); }

/// Room for one more of the family?
template <typename List, typename FamilyOf>
bool has_room(const List& list, IpFamily family, FamilyOf family_of) noexcept {
  if (list.size() < xdp::MOST_PREFIXES) return true;
  return std::ranges::count(list, family, family_of) < xdp::MOST_PREFIXES;
}

Result<void> full(const char* list, size_t most) {
  return fail(std::string("the ") + list + " is full: it holds at most " + std::to_string(most) + " entries");
}

}  // namespace

bool PrefixOrder::operator()(const IpPrefix& a, const IpPrefix& b) const noexcept {
  return std::tie(a.address.family, a.address.bytes, a.length) < std::tie(b.address.family, b.address.bytes, b.length);
}

Result<void> BlockTable::block(const IpPrefix& prefix, Timestamp until) {
  const IpPrefix key = cut_to_length(prefix);
  const auto family_of = [](const auto& entry) { return entry.first.address.family; };
  if (!prefixes_.contains(key) && !has_room(prefixes_, key.address.family, family_of)) {
    return full("list of blocked prefixes", xdp::MOST_PREFIXES);
  }
  prefixes_.insert_or_assign(key, until);
  return {};
}

Result<void> BlockTable::block(const BlockedFlow& flow, Timestamp until) {
  constexpr size_t kMost = xdp::MOST_FLOWS / 2;  // an entry a direction
  const BlockedFlow key = in_one_order(flow);
  if (flow.source.address.family != flow.destination.address.family) {
    return fail("a flow cannot be between " + flow.source.address.to_string() + " and " +
                flow.destination.address.to_string());
  }
  if (!flows_.contains(key) && flows_.size() >= kMost) return full("list of blocked flows", kMost);
  flows_.insert_or_assign(key, until);
  return {};
}

Result<void> BlockTable::block(const BlockedName& name, Timestamp until) {
  constexpr size_t kMost = 4096;  // all the names a data plane gives numbers to
  if (!names_.contains(name) && names_.size() >= kMost) return full("list of blocked applications", kMost);
  names_.insert_or_assign(name, until);
  return {};
}

Result<void> BlockTable::allow(const IpPrefix& prefix) {
  const IpPrefix key = cut_to_length(prefix);
  const auto family_of = [](const IpPrefix& entry) { return entry.address.family; };
  if (!allowed_.contains(key) && !has_room(allowed_, key.address.family, family_of)) {
    return full("allow list", xdp::MOST_PREFIXES);
  }
  allowed_.insert(key);
  return {};
}

bool BlockTable::unblock(const IpPrefix& prefix) { return prefixes_.erase(cut_to_length(prefix)) > 0; }
bool BlockTable::unblock(const BlockedFlow& flow) { return flows_.erase(in_one_order(flow)) > 0; }
bool BlockTable::unblock(const BlockedName& name) { return names_.erase(name) > 0; }
bool BlockTable::disallow(const IpPrefix& prefix) { return allowed_.erase(cut_to_length(prefix)) > 0; }

bool BlockTable::forget_expired(Timestamp now) {
  const auto expired = [&](const auto& entry) { return entry.second <= now; };
  return std::erase_if(prefixes_, expired) + std::erase_if(flows_, expired) + std::erase_if(names_, expired) > 0;
}

bool BlockTable::is_allowed(const IpAddress& address) const noexcept {
  for (unsigned length = 0; length <= longest(address.family); ++length) {
    if (allowed_.contains(cut_to_length({address, static_cast<uint8_t>(length)}))) return true;
  }
  return false;
}

bool BlockTable::is_blocked(const IpAddress& address, Timestamp now) const noexcept {
  for (unsigned length = 0; length <= longest(address.family); ++length) {
    const auto found = prefixes_.find(cut_to_length({address, static_cast<uint8_t>(length)}));
    if (found != prefixes_.end() && now < found->second) return true;
  }
  return false;
}

bool BlockTable::blocks(const BlockedFlow& flow, Timestamp now) const noexcept {
  const bool by_flow = [&] {
    const auto found = flows_.find(in_one_order(flow));
    return found != flows_.end() && now < found->second;
  }();
  const bool by_prefix =
      !prefixes_.empty() && (is_blocked(flow.source.address, now) || is_blocked(flow.destination.address, now));
  if (!by_flow && !by_prefix) return false;
  return allowed_.empty() || !(is_allowed(flow.source.address) || is_allowed(flow.destination.address));
}

std::vector<std::pair<IpPrefix, Timestamp>> BlockTable::longest_match_times() const {
  std::vector<std::pair<IpPrefix, Timestamp>> result;
  result.reserve(prefixes_.size());
  std::vector<size_t> around;  // of the prefix at hand: indices into the result, the widest first
  for (const auto& entry : prefixes_) {
    const IpPrefix& prefix = entry.first;
    const Timestamp until = entry.second;
    const auto covers = [&](size_t outer) {
      const IpPrefix& wide = result[outer].first;
      return wide.length <= prefix.length && wide.contains(prefix.address);
    };
    while (!around.empty() && !covers(around.back())) around.pop_back();
    const Timestamp latest = around.empty() ? until : std::max(until, result[around.back()].second);
    around.push_back(result.size());
    result.emplace_back(prefix, latest);
  }
  return result;
}

}  // namespace wirewatch
