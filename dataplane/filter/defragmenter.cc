// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/defragmenter.h"

#include <algorithm>
#include <cstring>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/parse.h"

namespace wirewatch::filter {
namespace {

constexpr size_t kIpv4Header = 20, kIpv6Header = 40;

void store_be16(uint8_t* at, size_t value) noexcept {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

}  // namespace

Defragmenter::Defragmenter() : slots_(kSlots) {
  for (auto& bytes : bytes_) bytes = std::make_unique_for_overwrite<uint8_t[]>(kSlotBytes);
}

/// RFC 791 and RFC 8200 4.5. Nothing when the header at `offset` is no fragment, or was not captured whole.
std::optional<Defragmenter::Fragment> Defragmenter::fragment_at(const Packet& packet, Protocol protocol, size_t offset) noexcept {
  if (offset >= packet.captured_length) return std::nullopt;
  const auto bytes = packet.bytes().subspan(offset);
  Fragment fragment;
  if (protocol == Protocol::Ip) {
    if (bytes.size() < kIpv4Header || bytes[0] >> 4 != 4) return std::nullopt;
    const uint16_t field = load_be16(bytes.data() + 6);
    if ((field & 0x3fff) == 0) return std::nullopt;
    const size_t header = (bytes[0] & 0x0fu) * 4u, total = load_be16(bytes.data() + 2);
    if (header < kIpv4Header || total < header || total > bytes.size()) return std::nullopt;
    fragment.offset = (field & 0x1fffu) * 8u;
    fragment.more = (field & 0x2000) != 0;
    fragment.protocol = bytes[9];
    fragment.key[0] = 4;
    fragment.key[1] = fragment.protocol;
    std::memcpy(fragment.key.data() + 2, bytes.data() + 4, 2);
    std::memcpy(fragment.key.data() + 6, bytes.data() + 12, 8);
    fragment.header = bytes.first(kIpv4Header);
    fragment.payload = bytes.subspan(header, total - header);
    return fragment;
  }
  if (bytes.size() < kIpv6Header) return std::nullopt;
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  const size_t end = kIpv6Header + load_be16(bytes.data() + 4);
  uint8_t next = bytes[6];
  size_t at = kIpv6Header;
  while ((next == kHopByHop || next == kRouting || next == kDestination) && bytes.size() >= at + 8) {
    next = bytes[at];
    at += (bytes[at + 1] + 1u) * 8u;
  }
  if (next != kFragment || bytes.size() < at + 8 || end > bytes.size() || end < at + 8) return std::nullopt;
  const uint16_t field = load_be16(bytes.data() + at + 2);
  fragment.offset = field & 0xfff8u;
  fragment.more = (field & 1) != 0;
  if (fragment.offset == 0 && !fragment.more) return std::nullopt;  // RFC 6946: a fragment all by itself
  fragment.v6 = true;
  fragment.protocol = bytes[at];
  fragment.key[0] = 6;
  std::memcpy(fragment.key.data() + 2, bytes.data() + at + 4, 4);
  std::memcpy(fragment.key.data() + 6, bytes.data() + 8, 32);
  fragment.header = bytes.first(kIpv6Header);
  fragment.payload = bytes.subspan(at + 8, end - at - 8);
  return fragment;
}

Defragmenter::Outcome Defragmenter::observe(const Packet& packet, const Layers& layers) noexcept {
  for (uint8_t i = 0; i < layers.depth; ++i) {
    const Protocol protocol = layers.protocols[i];
    if (protocol != Protocol::Ip && protocol != Protocol::Ipv6) continue;
    const auto fragment = fragment_at(packet, protocol, layers.offsets[i]);
    if (!fragment) continue;
    depth_ = i;
    return add(packet, *fragment);
  }
  return Outcome::Whole;
}

Defragmenter::Outcome Defragmenter::add(const Packet& packet, const Fragment& fragment) noexcept {
  ++now_;
  if (fragment.payload.empty() || fragment.offset + fragment.payload.size() > kMostPayload) return Outcome::Incomplete;
  auto found = std::ranges::find_if(slots_, [&](const Slot& slot) { return slot.used != 0 && slot.key == fragment.key; });
  if (found == slots_.end()) {
    found = std::ranges::min_element(slots_, {}, &Slot::used);
    *found = Slot{};
    found->key = fragment.key;
  }
  Slot& slot = *found;
  slot.used = now_;
  const size_t size = fragment.payload.size(), index = static_cast<size_t>(found - slots_.begin());
  const size_t first = fragment.offset / 8, last = fragment.more ? (fragment.offset + size) / 8 : (fragment.offset + size + 7) / 8;
  for (size_t unit = first; unit < last; ++unit) {
    if (slot.received[unit]) continue;  // of bytes that come twice, the first count
    const size_t at = (unit - first) * 8;
    std::memcpy(bytes_of(index) + kHeadroom + unit * 8, fragment.payload.data() + at, std::min<size_t>(8, size - at));
    ++slot.units;
    slot.received[unit] = true;
  }
  if (!fragment.more) slot.length = fragment.offset + size;
  if (slot.length == 0 || slot.units < (slot.length + 7) / 8) return Outcome::Incomplete;
  finish(packet, fragment, index);
  slot.used = 0;
  return Outcome::Complete;
}

/// A header as that of the last fragment, but of a packet in one piece.
void Defragmenter::finish(const Packet& packet, const Fragment& fragment, size_t slot) noexcept {
  const size_t header = fragment.v6 ? kIpv6Header : kIpv4Header, length = slots_[slot].length;
  uint8_t* start = bytes_of(slot) + kHeadroom - header;
  std::memcpy(start, fragment.header.data(), header);
  constexpr size_t kLongest = 0xffff;  // 0 in the field says that the frame tells
  if (fragment.v6) {
    store_be16(start + 4, length > kLongest ? 0 : length);
    start[6] = fragment.protocol;
  } else {
    start[0] = 0x45;
    store_be16(start + 2, length + header > kLongest ? 0 : length + header);
    store_be16(start + 6, 0);
  }
  constexpr uint16_t kLinkTypeIpv4 = 228, kLinkTypeIpv6 = 229;
  datagram_ = packet;
  datagram_.data = start;
  datagram_.captured_length = datagram_.original_length = static_cast<uint32_t>(header + length);
  datagram_.link_type = fragment.v6 ? kLinkTypeIpv6 : kLinkTypeIpv4;
  parse(datagram_, {}, layers_);
}

}  // namespace wirewatch::filter
