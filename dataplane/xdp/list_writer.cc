// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/xdp/list_writer.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "dataplane/xdp/layout.h"

namespace wirewatch::xdp {
namespace {

int64_t read_clock(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

blocked_until until(Timestamp utc, int64_t boot_at_ns) noexcept {
  if (utc == BlockTable::kForever) return {0};
  return {static_cast<uint64_t>(std::max<int64_t>(utc.since({boot_at_ns}), 1))};
}

Result<void> written(int answer, const std::string& what) {
  if (answer == 0) return {};
  return fail("the kernel does not take " + what + ": " + strerror(errno));
}

/// Calls `use` with the prefix as the trie of its family has it, and with the one of the two maps.
template <typename Use>
int with_key(const IpPrefix& prefix, int map4, int map6, Use use) noexcept {
  if (prefix.address.family == IpFamily::V4) {
    prefix4 key{.length = prefix.length, .address = {}};
    std::copy_n(prefix.address.bytes.begin(), sizeof key.address, key.address);
    return use(map4, &key);
  }
  prefix6 key{.length = prefix.length, .address = {}};
  std::copy_n(prefix.address.bytes.begin(), sizeof key.address, key.address);
  return use(map6, &key);
}

flow key_of(const BlockedFlow& one) noexcept {
  flow key{};
  std::ranges::copy(one.source.address.bytes, key.source);
  std::ranges::copy(one.destination.address.bytes, key.destination);
  key.source_port = htons(one.source.port);
  key.destination_port = htons(one.destination.port);
  key.ip_protocol = one.ip_protocol;
  key.family = static_cast<uint8_t>(one.source.address.family);
  return key;
}

std::string in_words(const BlockedFlow& one) {
  return "the flow from " + one.source.address.to_string() + " to " + one.destination.address.to_string();
}

int erase(int map, const void* key) noexcept { return bpf_map_delete_elem(map, key); }

/// Deletes what is no longer wanted, then writes what is new or has another time.
template <typename Times, typename Put, typename Remove>
Result<void> bring_into_line(Times& have, const Times& wanted, Put put, Remove remove) {
  for (auto at = have.begin(); at != have.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    if (auto done = remove(at->first); !done) return done;
    at = have.erase(at);
  }
  for (const auto& [key, time] : wanted) {
    const auto found = have.find(key);
    if (found != have.end() && found->second == time) continue;
    if (auto done = put(key, time); !done) return done;
    have.insert_or_assign(key, time);
  }
  return {};
}

uint32_t lists_of(const BlockTable& table) noexcept {
  uint32_t lists = table.flows().empty() ? 0u : uint32_t{LIST_FLOWS};
  // IPv4 sorts before IPv6: the ends of the list say which it holds.
  if (!table.prefixes().empty()) {
    if (table.prefixes().begin()->first.address.family == IpFamily::V4) lists |= LIST_BLOCK4;
    if (table.prefixes().rbegin()->first.address.family == IpFamily::V6) lists |= LIST_BLOCK6;
  }
  return lists;
}

}  // namespace

Result<void> ListWriter::write(const BlockTable& table, const std::function<void(uint32_t)>& announce) {
  constexpr int64_t kStep = 1'000'000'000;
  const int64_t boot_at_ns = read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME);
  if (std::abs(boot_at_ns - boot_at_ns_) > kStep) {  // the system's clock was set: every time is another one now
    boot_at_ns_ = boot_at_ns;
    for (auto& entry : prefixes_) entry.second = kNoTimestamp;
    for (auto& entry : flows_) entry.second = kNoTimestamp;
  }
  announce(LIST_BLOCK4 | LIST_BLOCK6 | LIST_FLOWS);
  const auto times = table.longest_match_times();
  if (auto done = write_allowed(table); !done) return done;
  if (auto done = write_prefixes({times.begin(), times.end()}); !done) return done;
  if (auto done = write_flows(table.flows()); !done) return done;
  if (auto done = take_back_allowed(table); !done) return done;
  announce(lists_of(table));
  return {};
}

Result<void> ListWriter::write_allowed(const BlockTable& table) {
  for (const IpPrefix& prefix : table.allowed()) {
    if (allowed_.contains(prefix)) continue;
    const int answer = with_key(prefix, maps_.allow4, maps_.allow6, [](int map, const void* key) {
      const uint8_t present = 1;
      return bpf_map_update_elem(map, key, &present, BPF_ANY);
    });
    if (auto done = written(answer, "allowed prefix " + prefix.to_string()); !done) return done;
    allowed_.insert(prefix);
  }
  return {};
}

Result<void> ListWriter::take_back_allowed(const BlockTable& table) {
  for (auto at = allowed_.begin(); at != allowed_.end();) {
    if (table.allowed().contains(*at)) {
      ++at;
      continue;
    }
    const int answer = with_key(*at, maps_.allow4, maps_.allow6, erase);
    if (auto done = written(answer, "back allowed prefix " + at->to_string()); !done) return done;
    at = allowed_.erase(at);
  }
  return {};
}

Result<void> ListWriter::write_prefixes(const PrefixTimes& wanted) {
  const auto put = [&](const IpPrefix& prefix, Timestamp time) {
    const blocked_until value = until(time, boot_at_ns_);
    const int answer = with_key(prefix, maps_.block4, maps_.block6, [&](int map, const void* key) {
      return bpf_map_update_elem(map, key, &value, BPF_ANY);
    });
    return written(answer, "blocked prefix " + prefix.to_string());
  };
  const auto remove = [&](const IpPrefix& prefix) {
    return written(with_key(prefix, maps_.block4, maps_.block6, erase), "back blocked prefix " + prefix.to_string());
  };
  return bring_into_line(prefixes_, wanted, put, remove);
}

Result<void> ListWriter::write_flows(const FlowTimes& wanted) {
  const auto put = [&](const BlockedFlow& one, Timestamp time) -> Result<void> {
    const blocked_until value = until(time, boot_at_ns_);
    for (const BlockedFlow& direction : {one, one.reversed()}) {
      const flow key = key_of(direction);
      auto done = written(bpf_map_update_elem(maps_.flows, &key, &value, BPF_ANY), in_words(direction));
      if (!done) return done;
    }
    return {};
  };
  const auto remove = [&](const BlockedFlow& one) -> Result<void> {
    for (const BlockedFlow& direction : {one, one.reversed()}) {
      const flow key = key_of(direction);
      const int answer = bpf_map_delete_elem(maps_.flows, &key);
      // Between equal ends both directions are one entry.
      if (answer != 0 && errno == ENOENT) continue;
      if (auto done = written(answer, "back " + in_words(direction)); !done) return done;
    }
    return {};
  };
  return bring_into_line(flows_, wanted, put, remove);
}

}  // namespace wirewatch::xdp
