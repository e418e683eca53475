// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/peer_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace wirewatch {
namespace {

bool can_be_peer(const Endpoint& end) noexcept {
  const auto& bytes = end.address.bytes;
  if (end.port == 0) return false;
  if (end.address.family == IpFamily::V4) return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
  if (end.address.family != IpFamily::V6 || bytes[0] == 0xff) return false;
  return std::any_of(bytes.begin(), bytes.end() - 1, [](uint8_t byte) { return byte != 0; });  // neither :: nor ::1
}

}  // namespace

PeerCache::PeerCache(size_t most) : entries_(std::bit_ceil(std::max(most, kWays))) {}

size_t PeerCache::set_of(const Endpoint& peer) const noexcept {
  uint64_t low, high;
  std::memcpy(&low, peer.address.bytes.data(), 8);
  std::memcpy(&high, peer.address.bytes.data() + 8, 8);
  uint64_t hash = (low ^ std::rotl(high, 29) ^ peer.port) * 0x9e3779b97f4a7c15u;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
  return static_cast<size_t>(hash >> 20) & (entries_.size() - 1) & ~(kWays - 1);
}

void PeerCache::learn(const Endpoint& peer, const PeerTerms& terms, Timestamp when) noexcept {
  if (when == kNoTimestamp || terms.application == kUnknownApplication || !can_be_peer(peer)) return;
  keep(peer, terms, when, when);
}

void PeerCache::keep(const Endpoint& peer, const PeerTerms& terms, Timestamp earliest, Timestamp latest) noexcept {
  Entry* const set = &entries_[set_of(peer)];
  Entry* place = nullptr;
  for (Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->port == 0) {
      if (place == nullptr || place->port != 0) place = entry;
      continue;
    }
    if (entry->port == peer.port && entry->terms == terms && entry->address == peer.address) {
      entry->earliest = std::min(entry->earliest, earliest);
      entry->latest = std::max(entry->latest, latest);
      return;
    }
    if (place == nullptr || (place->port != 0 && entry->latest < place->latest)) place = entry;
  }
  if (place->port == 0) {
    ++size_;
  } else {
    ++forgotten_;
  }
  *place = {peer.address, peer.port, terms, earliest, latest};
}

ApplicationId PeerCache::find(const Endpoint& peer, bool listening, uint8_t ip_protocol, Timestamp first,
                              Timestamp last) const noexcept {
  if (peer.port == 0) return kUnknownApplication;
  const Entry* const set = &entries_[set_of(peer)];
  for (const Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->port != peer.port || entry->address != peer.address) continue;
    const PeerTerms& terms = entry->terms;
    if ((terms.only_listening && !listening) || (terms.ip_protocol != 0 && terms.ip_protocol != ip_protocol)) continue;
    if (entry->earliest <= last && first.since(entry->latest) <= kRemembered_ns) return terms.application;
  }
  return kUnknownApplication;
}

void PeerCache::merge(const PeerCache& other) noexcept {
  if (other.empty()) return;
  for (const Entry& entry : other.entries_) {
    if (entry.port != 0) keep({entry.address, entry.port}, entry.terms, entry.earliest, entry.latest);
  }
}

}  // namespace wirewatch
