// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/dns_log.h"

#include <algorithm>
#include <bit>

#include "dataplane/classify/address_pair.h"

namespace wirewatch {

void DnsNames::expect(size_t notes) {
  index_.assign(std::bit_ceil(2 * notes + 2), 0);
  notes_.reserve(notes);
}

/// Where the group's number stands, or would stand.
size_t DnsNames::place_of(const IpAddress& client, const IpAddress& server) const noexcept {
  const size_t mask = index_.size() - 1;
  size_t at = hash_of_pair(client, server) & mask;
  for (; index_[at] != 0; at = (at + 1) & mask) {
    const Group& group = groups_[index_[at] - 1];
    if (group.client == client && group.server == server) break;
  }
  return at;
}

void DnsNames::add(const DnsNote& note) {
  uint32_t& number = index_[place_of(note.client, note.server)];
  if (number == 0) {
    groups_.push_back({.client = note.client, .server = note.server});
    number = static_cast<uint32_t>(groups_.size());
  }
  ++groups_[number - 1].count;
  notes_.push_back({.frame = note.frame, .expires_ns = note.expires_ns, .name = note.name, .group = number - 1});
}

/// Notes are brought beside those of their group, in the order in which they came. That is the order of frames, except
/// where several workers noted something for one client and one address.
void DnsNames::arrange() {
  std::vector<Note> arranged(notes_.size());
  uint32_t first = 0;
  for (Group& group : groups_) {
    group.first = first;
    first += group.count;
    group.count = 0;
  }
  for (const Note& note : notes_) {
    Group& group = groups_[note.group];
    arranged[group.first + group.count++] = note;
  }
  notes_ = std::move(arranged);
  const auto earlier = [](const Note& a, const Note& b) { return a.frame < b.frame; };
  for (const Group& group : groups_) {
    const auto begin = notes_.begin() + group.first;
    if (!std::is_sorted(begin, begin + group.count, earlier)) std::stable_sort(begin, begin + group.count, earlier);
  }
}

std::string_view DnsNames::name_of(const IpAddress& client, const IpAddress& server, uint64_t frame,
                                   Timestamp time) const noexcept {
  if (notes_.empty()) return {};
  const uint32_t number = index_[place_of(client, server)];
  if (number == 0) return {};
  const Note* const first = notes_.data() + groups_[number - 1].first;
  const Note* const end = first + groups_[number - 1].count;
  const Note* const later =
      std::lower_bound(first, end, frame, [](const Note& note, uint64_t its_frame) { return note.frame < its_frame; });
  if (later == first || time.ns > (later - 1)->expires_ns) return {};
  return (later - 1)->name;
}

}  // namespace wirewatch
