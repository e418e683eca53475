// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/drop_list.h"

#include <algorithm>

namespace wirewatch {
namespace {

/// The address with all but its first `length` bits cleared.
std::array<uint8_t, 16> masked(const std::array<uint8_t, 16>& bytes, uint8_t length) noexcept {
  std::array<uint8_t, 16> kept{};
  for (size_t i = 0; i < kept.size(); ++i) {
    const int bits = std::clamp(length - static_cast<int>(i) * 8, 0, 8);
    kept[i] = static_cast<uint8_t>(bytes[i] & (0xff00 >> bits));
  }
  return kept;
}

/// Both directions of a connection have this one key.
FlowKey key_between(const Endpoint& one, const Endpoint& other, uint8_t ip_protocol) noexcept {
  const bool one_is_low = std::pair(one.address.bytes, one.port) <= std::pair(other.address.bytes, other.port);
  const Endpoint& low = one_is_low ? one : other;
  const Endpoint& high = one_is_low ? other : one;
  FlowKey key;
  key.low_address = low.address.bytes;
  key.high_address = high.address.bytes;
  key.low_port = low.port;
  key.high_port = high.port;
  key.ip_protocol = ip_protocol;
  key.family = low.address.family;
  return key;
}

}  // namespace

void DropList::NetworkSet::add(const IpPrefix& prefix, Timestamp expires) {
  networks.make_room(1);
  Timestamp& until = *networks.at({masked(prefix.address.bytes, prefix.length), prefix.length, prefix.address.family});
  until = std::max(until, expires);
  std::vector<uint8_t>& lengths = prefix.address.family == IpFamily::V4 ? v4_lengths : v6_lengths;
  if (std::find(lengths.begin(), lengths.end(), prefix.length) == lengths.end()) lengths.push_back(prefix.length);
}

/// One lookup for each prefix length in use.
bool DropList::NetworkSet::holds(const IpAddress& address, Timestamp now) const noexcept {
  const std::vector<uint8_t>& lengths = address.family == IpFamily::V4 ? v4_lengths : v6_lengths;
  return std::any_of(lengths.begin(), lengths.end(), [&](uint8_t length) {
    const Timestamp* until = networks.find({masked(address.bytes, length), length, address.family});
    return until != nullptr && *until > now;
  });
}

DropList::DropList(const DropRules& rules) {
  for (const auto& network : rules.networks) blocked_.add(network.prefix, network.expires);
  for (const IpPrefix& prefix : rules.allow) allowed_.add(prefix, kNever);
  by_address_ = !rules.networks.empty();
  connections_.make_room(rules.connections.size());
  for (const auto& connection : rules.connections) {
    Timestamp& until = *connections_.at(key_between(connection.one, connection.other, connection.ip_protocol));
    until = std::max(until, connection.expires);
  }
  for (const auto& [application, expires] : rules.applications) {
    if (application == kUnknownApplication) continue;
    if (application >= applications_.size()) applications_.resize(size_t{application} + 1, Timestamp{0});
    applications_[application] = std::max(applications_[application], expires);
  }
}

bool DropList::blocks(const IpAddress& source, const IpAddress& destination, Timestamp now) const noexcept {
  if (!by_address_) return false;
  if (!blocked_.holds(source, now) && !blocked_.holds(destination, now)) return false;
  return !allowed_.holds(source, now) && !allowed_.holds(destination, now);
}

bool DropList::blocks(const FlowKey& key, ApplicationId application, Evidence evidence, Timestamp now) const noexcept {
  const bool named = evidence >= Evidence::Confirmed && application < applications_.size() && applications_[application] > now;
  const IpAddress low{key.low_address, key.family}, high{key.high_address, key.family};
  const auto listed = [&] {
    FlowKey plain = key;  // lists know nothing of VLANs and virtual networks
    plain.vlan = 0;
    plain.vni = 0;
    const Timestamp* until = connections_.size() > 0 ? connections_.find(plain) : nullptr;
    return until != nullptr && *until > now;
  };
  if (!named && !listed()) return blocks(low, high, now);
  return !allowed_.holds(low, now) && !allowed_.holds(high, now);
}

}  // namespace wirewatch
