// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/dns_memory.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/classify/address_pair.h"

namespace wirewatch {

DnsMemory::DnsMemory(size_t addresses)
    : sets_(std::bit_ceil(std::max(addresses, kWays)) / kWays), ring_size_(sets_ * kWays * 32) {
  entries_ = std::make_unique<Entry[]>(sets_ * kWays);
  ring_ = std::make_unique_for_overwrite<char[]>(ring_size_);
}

size_t DnsMemory::set_of(const IpAddress& client, const IpAddress& server) const noexcept {
  return static_cast<size_t>(hash_of_pair(client, server)) & (sets_ - 1);
}

/// A name is never torn in two: what is left at the end of the ring stays unused.
uint64_t DnsMemory::keep(std::string_view name) noexcept {
  const size_t at = static_cast<size_t>(written_ % ring_size_);
  if (at + name.size() > ring_size_) written_ += ring_size_ - at;
  const uint64_t begin = written_;
  std::memcpy(ring_.get() + begin % ring_size_, name.data(), name.size());
  written_ += name.size();
  return begin;
}

void DnsMemory::remember(const IpAddress& client, const DnsAddress& server, uint64_t name_at, size_t name_length,
                         Timestamp now) noexcept {
  Entry* const set = entries_.get() + set_of(client, server.address) * kWays;
  const auto is_same = [&](const Entry& entry) { return entry.server == server.address && entry.client == client; };
  Entry* chosen = nullptr;
  for (Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->name_length != 0 && is_same(*entry)) {
      chosen = entry;
      break;
    }
    if (chosen == nullptr || entry->expires_ns < chosen->expires_ns) chosen = entry;
  }
  if (chosen->name_length != 0 && !is_same(*chosen) && chosen->expires_ns > now.ns) ++counters_.replaced;
  const std::string_view name(ring_.get() + name_at % ring_size_, name_length);
  // Told the same again in time: flows that began in between are meant by it as well.
  const bool goes_on = chosen->name_length != 0 && is_same(*chosen) && now.ns <= chosen->expires_ns && name_in(*chosen) == name;
  const Timestamp since = goes_on ? std::min(chosen->answered, now) : now;
  *chosen = {client, server.address, since, expiry_ns(now, server.kept_ns), name_at, static_cast<uint8_t>(name_length)};
  ++counters_.remembered;
}

void DnsMemory::learn(const DnsAnswer& answer, const IpAddress& client, Timestamp time) noexcept {
  if (answer.name.empty() || answer.name.size() > kLongestHostName || answer.count == 0) return;
  ++counters_.answers;
  const uint64_t name_at = keep(answer.name);
  for (const DnsAddress& given : answer.given()) remember(client, given, name_at, answer.name.size(), time);
}

/// Empty when the ring has gone over it.
std::string_view DnsMemory::name_in(const Entry& entry) const noexcept {
  if (entry.name_at + ring_size_ < written_) return {};
  return {ring_.get() + entry.name_at % ring_size_, entry.name_length};
}

std::string_view DnsMemory::name_of(const IpAddress& client, const IpAddress& server, Timestamp time) const noexcept {
  const Entry* const set = entries_.get() + set_of(client, server) * kWays;
  for (const Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->name_length == 0 || entry->server != server || entry->client != client) continue;
    return time < entry->answered || time.ns > entry->expires_ns ? std::string_view() : name_in(*entry);
  }
  return {};
}

}  // namespace wirewatch
