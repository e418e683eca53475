// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow/syn_table.h"

#include <algorithm>
#include <cstring>

namespace wirewatch {

template <size_t AddressBytes>
FlowKey SynSet<AddressBytes>::key_of(const Entry& entry) noexcept {
  FlowKey key;
  std::memcpy(key.low_address.data(), entry.low_address.data(), AddressBytes);
  std::memcpy(key.high_address.data(), entry.high_address.data(), AddressBytes);
  key.low_port = entry.low_port;
  key.high_port = entry.high_port;
  key.ip_protocol = 6;
  key.family = AddressBytes == 4 ? IpFamily::V4 : IpFamily::V6;
  return key;
}

template <size_t AddressBytes>
PendingSyn SynSet<AddressBytes>::unpack(const Entry& entry) noexcept {
  return {.key = key_of(entry),
          .client_is_low = (entry.path_and_client & 1) != 0,
          .time = entry.time,
          .sequence = entry.sequence,
          .frame_length = entry.frame_length,
          .path = static_cast<uint16_t>(entry.path_and_client >> 1),
          .frame = entry.frame};
}

template <size_t AddressBytes>
void SynSet<AddressBytes>::insert(const PendingSyn& syn, uint64_t hash) noexcept {
  size_t at = home(hash);
  while (entries_[at].frame_length != 0) at = (at + 1) & mask();
  Entry& entry = entries_[at];
  std::memcpy(entry.low_address.data(), syn.key.low_address.data(), AddressBytes);
  std::memcpy(entry.high_address.data(), syn.key.high_address.data(), AddressBytes);
  entry.low_port = syn.key.low_port;
  entry.high_port = syn.key.high_port;
  entry.sequence = syn.sequence;
  entry.time = syn.time;
  entry.frame = static_cast<uint32_t>(syn.frame);
  entry.frame_length = std::max<uint16_t>(syn.frame_length, 1);
  entry.path_and_client = static_cast<uint16_t>(syn.path << 1 | (syn.client_is_low ? 1 : 0));
  ++size_;
}

template <size_t AddressBytes>
std::optional<PendingSyn> SynSet<AddressBytes>::take(const FlowKey& key, uint64_t hash) noexcept {
  if (size_ == 0) return std::nullopt;
  for (size_t at = home(hash); entries_[at].frame_length != 0; at = (at + 1) & mask()) {
    const Entry& entry = entries_[at];
    const bool same = entry.low_port == key.low_port && entry.high_port == key.high_port &&
                      std::memcmp(entry.low_address.data(), key.low_address.data(), AddressBytes) == 0 &&
                      std::memcmp(entry.high_address.data(), key.high_address.data(), AddressBytes) == 0;
    if (!same) continue;
    const PendingSyn found = unpack(entry);
    remove(at);
    return found;
  }
  return std::nullopt;
}

template <size_t AddressBytes>
std::optional<PendingSyn> SynSet<AddressBytes>::take_oldest_near(uint64_t hash) noexcept {
  if (size_ == 0) return std::nullopt;
  constexpr size_t kLookedAt = 16;
  size_t oldest = entries_.size();
  size_t seen = 0;
  for (size_t at = home(hash), steps = 0; steps < entries_.size() && seen < kLookedAt; ++steps, at = (at + 1) & mask()) {
    if (entries_[at].frame_length == 0) continue;
    ++seen;
    if (oldest == entries_.size() || entries_[at].time < entries_[oldest].time) oldest = at;
  }
  const PendingSyn found = unpack(entries_[oldest]);
  remove(oldest);
  return found;
}

template <size_t AddressBytes>
std::optional<PendingSyn> SynSet<AddressBytes>::take_any() noexcept {
  if (size_ == 0) return std::nullopt;
  while (entries_[scan_ & mask()].frame_length == 0) ++scan_;
  const size_t at = scan_ & mask();
  const PendingSyn found = unpack(entries_[at]);
  remove(at);
  return found;
}

template <size_t AddressBytes>
std::optional<PendingSyn> SynSet<AddressBytes>::take_older(Timestamp before, Timestamp now, size_t& places) noexcept {
  if (size_ == 0) return std::nullopt;
  for (; places > 0; --places) {
    const size_t at = ageing_ & mask();
    Entry& entry = entries_[at];
    if (entry.frame_length != 0) {
      if (entry.time < before) {
        const PendingSyn found = unpack(entry);
        remove(at);  // what moves up into this place is looked at next
        return found;
      }
      if (entry.time > now) entry.time = now;
    }
    ++ageing_;
  }
  return std::nullopt;
}

/// Closes the gap at `at` so that no probe sequence is cut: entries behind it move up unless they are at home.
template <size_t AddressBytes>
void SynSet<AddressBytes>::remove(size_t at) noexcept {
  size_t gap = at;
  for (size_t next = (gap + 1) & mask(); entries_[next].frame_length != 0; next = (next + 1) & mask()) {
    const size_t wanted = home(hash(key_of(entries_[next])));
    if (((next - wanted) & mask()) < ((next - gap) & mask())) continue;
    entries_[gap] = entries_[next];
    gap = next;
  }
  entries_[gap].frame_length = 0;
  --size_;
}

template <size_t AddressBytes>
void SynSet<AddressBytes>::make_room(size_t count) {
  size_t wanted = std::max<size_t>(entries_.size(), 256);
  while (wanted * 3 / 4 < size_ + count && wanted * 3 / 4 < most_) wanted *= 2;
  if (wanted == entries_.size()) return;
  std::vector<Entry, LargeAllocator<Entry>> old(wanted);
  old.swap(entries_);
  size_ = 0;
  scan_ = 0;
  for (const Entry& entry : old) {
    if (entry.frame_length != 0) insert(unpack(entry), hash(key_of(entry)));
  }
}

template class SynSet<4>;
template class SynSet<16>;

std::optional<PendingSyn> SynTable::insert(const PendingSyn& syn, uint64_t hash) noexcept {
  std::optional<PendingSyn> evicted;
  if (syn.key.family == IpFamily::V4) {
    if (v4_.full()) evicted = v4_.take_oldest_near(hash);
    v4_.insert(syn, hash);
  } else {
    if (v6_.full()) evicted = v6_.take_oldest_near(hash);
    v6_.insert(syn, hash);
  }
  return evicted;
}

std::optional<PendingSyn> SynTable::take(const FlowKey& key, uint64_t hash) noexcept {
  return key.family == IpFamily::V4 ? v4_.take(key, hash) : v6_.take(key, hash);
}

std::optional<PendingSyn> SynTable::take_any() noexcept {
  auto syn = v4_.take_any();
  return syn ? syn : v6_.take_any();
}

void SynTable::make_room(size_t count) {
  v4_.make_room(count);
  v6_.make_room(count);
}

}  // namespace wirewatch
