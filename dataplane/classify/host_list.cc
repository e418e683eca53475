// SPDX-License-Identifier: BSD-3-Clause
// A name is hashed once, from its end, and looked up wherever a label begins: the last one found is the longest.
#include "dataplane/classify/host_list.h"

#include <algorithm>
#include <bit>

namespace wirewatch {
namespace {

constexpr uint64_t kSeed = 0xcbf29ce484222325;

/// FNV-1a, a character at a time from the end of the name to its beginning.
constexpr uint64_t mixed(uint64_t hash, char c) noexcept { return (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3; }

/// FNV's upper bits are its good ones.
constexpr size_t position(uint64_t hash) noexcept { return static_cast<size_t>(hash ^ hash >> 29); }
constexpr uint32_t tag_of(uint64_t hash) noexcept { return static_cast<uint32_t>(hash >> 32) | 1; }

uint64_t hash_of(std::string_view domain) noexcept {
  uint64_t hash = kSeed;
  for (size_t i = domain.size(); i-- > 0;) hash = mixed(hash, domain[i]);
  return hash;
}

}  // namespace

HostList::HostList(std::vector<HostService> services, const std::vector<ListedDomain>& domains)
    : services_(std::move(services)), slots_(std::bit_ceil(2 * domains.size() + 2)) {
  const size_t mask = slots_.size() - 1;
  for (const ListedDomain& each : domains) {
    if (each.domain.empty() || each.domain.size() > 255 || each.service >= services_.size()) continue;
    const uint64_t hash = hash_of(each.domain);
    size_t at = position(hash) & mask;
    while (slots_[at].tag != 0) {
      const Slot& taken = slots_[at];
      if (std::string_view(names_).substr(taken.name, taken.length) == each.domain) break;
      at = (at + 1) & mask;
    }
    Slot& slot = slots_[at];
    if (slot.tag == 0) {
      slot = {tag_of(hash), static_cast<uint32_t>(names_.size()), static_cast<uint32_t>(each.domain.size()), 0};
      names_ += each.domain;
      ++count_;
      longest_ = std::max(longest_, each.domain.size());
    }
    slot.service = each.service;
  }
}

const HostList::Slot* HostList::lookup(std::string_view suffix, uint64_t hash) const noexcept {
  const size_t mask = slots_.size() - 1;
  for (size_t at = position(hash) & mask; slots_[at].tag != 0; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.tag == tag_of(hash) && slot.length == suffix.size() &&
        std::string_view(names_.data() + slot.name, slot.length) == suffix) {
      return &slot;
    }
  }
  return nullptr;
}

const HostService* HostList::find(std::string_view host) const noexcept {
  const Slot* found = nullptr;
  uint64_t hash = kSeed;
  const size_t end = host.size() > longest_ ? host.size() - longest_ : 0;  // longer suffixes are not listed
  for (size_t i = host.size(); i-- > end;) {
    hash = mixed(hash, host[i]);
    if (i > 0 && host[i - 1] != '.') continue;
    if (const Slot* const slot = lookup({host.data() + i, host.size() - i}, hash)) found = slot;
  }
  return found == nullptr ? nullptr : &services_[found->service];
}

}  // namespace wirewatch
