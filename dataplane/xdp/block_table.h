// SPDX-License-Identifier: BSD-3-Clause
// Who is blocked, until when, and who never is: one table for all ports of the process. XDP programs are given copies
// of it; ports without one ask blocks() when a flow begins. Owned and written by one thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/packet/endpoint.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {

/// A connection, from either end's point of view; ports are 0 for protocols without.
struct BlockedFlow {
  Endpoint source;
  Endpoint destination;
  uint8_t ip_protocol = 0;

  BlockedFlow reversed() const noexcept { return {destination, source, ip_protocol}; }
  friend auto operator<=>(const BlockedFlow&, const BlockedFlow&) noexcept = default;
};

/// What rules call it: an application, or a category of them. XDP programs know nothing of names; who classifies does.
struct BlockedName {
  std::string name;
  bool category = false;

  friend auto operator<=>(const BlockedName&, const BlockedName&) noexcept = default;
};

/// Prefixes in an order in which each comes right before those inside it.
struct PrefixOrder {
  bool operator()(const IpPrefix& a, const IpPrefix& b) const noexcept;
};

class BlockTable {
 public:
  /// UTC; the default never comes.
  static constexpr Timestamp kForever{std::numeric_limits<int64_t>::max()};

  /// Prefixes are cut to their length ("10.1.2.3/8" is 10.0.0.0/8). Blocking again changes the time. An Error when the
  /// list is full.
  Result<void> block(const IpPrefix& prefix, Timestamp until = kForever);
  Result<void> block(const BlockedFlow& flow, Timestamp until = kForever);
  Result<void> block(const BlockedName& name, Timestamp until = kForever);
  /// Addresses that are never blocked, whatever the other lists say.
  Result<void> allow(const IpPrefix& prefix);

  /// False when it was not on the list.
  bool unblock(const IpPrefix& prefix);
  bool unblock(const BlockedFlow& flow);
  bool unblock(const BlockedName& name);
  bool disallow(const IpPrefix& prefix);

  /// Forgets what has run out; true when there was something.
  bool forget_expired(Timestamp now);

  /// What an XDP program would do with a frame of this flow (the outermost header's addresses).
  bool blocks(const BlockedFlow& flow, Timestamp now) const noexcept;

  const std::map<IpPrefix, Timestamp, PrefixOrder>& prefixes() const noexcept { return prefixes_; }
  const std::map<BlockedFlow, Timestamp>& flows() const noexcept { return flows_; }  // one entry a connection
  const std::map<BlockedName, Timestamp>& names() const noexcept { return names_; }
  const std::set<IpPrefix, PrefixOrder>& allowed() const noexcept { return allowed_; }

  /// Each prefix with the latest time of its own and of the prefixes around it: what a lookup of the longest match needs.
  std::vector<std::pair<IpPrefix, Timestamp>> longest_match_times() const;

 private:
  bool is_allowed(const IpAddress& address) const noexcept;
  bool is_blocked(const IpAddress& address, Timestamp now) const noexcept;

  std::map<IpPrefix, Timestamp, PrefixOrder> prefixes_;
  std::map<BlockedFlow, Timestamp> flows_;
  std::map<BlockedName, Timestamp> names_;
  std::set<IpPrefix, PrefixOrder> allowed_;
};

}  // namespace wirewatch
