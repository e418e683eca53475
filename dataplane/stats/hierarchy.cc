// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/hierarchy.h"

#include <algorithm>

#include "dataplane/stats/bounded_map.h"

namespace wirewatch {

Traffic SidedTraffic::total() const noexcept {
  Traffic sum;
  for (const Traffic& traffic : by_side) sum += traffic;
  return sum;
}

Traffic SidedTraffic::sent() const noexcept {
  Traffic sum = by_side[static_cast<size_t>(Side::Sent)];
  return sum += by_side[static_cast<size_t>(Side::Both)];
}

Traffic SidedTraffic::received() const noexcept {
  Traffic sum = by_side[static_cast<size_t>(Side::Received)];
  return sum += by_side[static_cast<size_t>(Side::Both)];
}

bool SidedTraffic::sides_known() const noexcept {
  return by_side[static_cast<size_t>(Side::Unknown)].packets < total().packets;
}

SidedTraffic& SidedTraffic::operator+=(const SidedTraffic& other) noexcept {
  for (size_t i = 0; i < by_side.size(); ++i) by_side[i] += other.by_side[i];
  return *this;
}

PathTable::PathTable() : paths_(kMost), traits_(kMost), index_(size_t{kMost} * 2) {}

uint16_t PathTable::id_of(const ProtocolPath& path) noexcept {
  const size_t mask = index_.size() - 1;
  for (size_t at = hash_bytes(path) & mask;; at = (at + 1) & mask) {
    const uint16_t id = index_[at];
    if (id != 0 && paths_[id] == path) return id;
    if (id != 0) continue;
    if (size_ == kMost) return kOverflow;
    paths_[size_] = path;
    const auto ip_headers = std::count_if(path.begin(), path.end(), [](Protocol protocol) {
      return protocol == Protocol::Ip || protocol == Protocol::Ipv6;
    });
    const auto end = std::find(path.begin(), path.end(), Protocol::None);
    const Protocol last = end == path.begin() ? Protocol::None : *(end - 1);
    traits_[size_] = {.tunneled = ip_headers > 1,
                      .ends_in_transport = last == Protocol::Tcp || last == Protocol::Udp || last == Protocol::Sctp};
    index_[at] = size_;
    return size_++;
  }
}

}  // namespace wirewatch
