// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/dns_log.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "dataplane/classify/address_pair.h"

namespace wirewatch {
namespace {

bool same_pair(const DnsNote& a, const DnsNote& b) noexcept { return a.client == b.client && a.server == b.server; }

}  // namespace

DnsNames::DnsNames(std::vector<DnsNote> notes) : notes_(std::move(notes)) {
  std::stable_sort(notes_.begin(), notes_.end(), [](const DnsNote& a, const DnsNote& b) {
    return std::tie(a.client, a.server, a.frame) < std::tie(b.client, b.server, b.frame);
  });
  groups_.resize(std::bit_ceil(2 * notes_.size() + 2));
  const size_t mask = groups_.size() - 1;
  for (size_t begin = 0; begin < notes_.size();) {
    size_t end = begin + 1;
    while (end < notes_.size() && same_pair(notes_[begin], notes_[end])) ++end;
    size_t at = hash_of_pair(notes_[begin].client, notes_[begin].server) & mask;
    while (groups_[at].count != 0) at = (at + 1) & mask;
    groups_[at] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)};
    begin = end;
  }
}

std::string_view DnsNames::name_of(const IpAddress& client, const IpAddress& server, uint64_t frame,
                                   Timestamp time) const noexcept {
  if (notes_.empty()) return {};
  const size_t mask = groups_.size() - 1;
  for (size_t at = hash_of_pair(client, server) & mask; groups_[at].count != 0; at = (at + 1) & mask) {
    const DnsNote* const first = notes_.data() + groups_[at].first;
    if (first->client != client || first->server != server) continue;
    const DnsNote* const end = first + groups_[at].count;
    const DnsNote* const later =
        std::lower_bound(first, end, frame, [](const DnsNote& note, uint64_t number) { return note.frame < number; });
    if (later == first || time.ns > (later - 1)->expires_ns) return {};
    return (later - 1)->name;
  }
  return {};
}

}  // namespace wirewatch
