// SPDX-License-Identifier: BSD-3-Clause
// RFC 1035 section 4. Names are read forwards only, and pointers are skipped, never followed: the question stands in full.
#include "dataplane/classify/dns_memory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

constexpr size_t kMostAnswers = 64;
constexpr uint16_t kTypeA = 1, kTypeAaaa = 28, kClassInternet = 1;
// Programs keep addresses beyond the time to live they were told, and connect a little later.
constexpr uint32_t kLeastTtl_s = 300;
constexpr uint32_t kMostTtl_s = 86400;
constexpr int64_t kSecond_ns = 1'000'000'000;
constexpr size_t kLongestWireName = 255;

using WireName = std::array<uint8_t, kLongestWireName>;

/// The name with dots between its labels; its length, or nothing when it is not one, or the root.
std::optional<size_t> read_name(ByteReader& reader, WireName& out) noexcept {
  size_t size = 0;
  while (const auto length = reader.u8()) {
    if (*length == 0) return size == 0 ? std::nullopt : std::optional(size);
    const auto label = *length <= 63 ? reader.take(*length) : std::nullopt;
    if (!label || size + 1 + label->size() > out.size()) return std::nullopt;
    if (size > 0) out[size++] = '.';
    std::memcpy(out.data() + size, label->data(), label->size());
    size += label->size();
  }
  return std::nullopt;
}

bool skip_name(ByteReader& reader) noexcept {
  while (const auto length = reader.u8()) {
    if (*length == 0) return true;
    if (*length >= 0xc0) return reader.skip(1);
    if (*length > 63 || !reader.skip(*length)) return false;
  }
  return false;
}

}  // namespace

DnsMemory::DnsMemory(size_t addresses)
    : sets_(std::bit_ceil(std::max(addresses, kWays)) / kWays), ring_size_(sets_ * kWays * 32) {
  entries_ = std::make_unique<Entry[]>(sets_ * kWays);
  ring_ = std::make_unique_for_overwrite<char[]>(ring_size_);
}

size_t DnsMemory::set_of(const IpAddress& client, const IpAddress& server) const noexcept {
  std::array<uint64_t, 4> words;
  std::memcpy(words.data(), client.bytes.data(), 16);
  std::memcpy(words.data() + 2, server.bytes.data(), 16);
  uint64_t hash = 0x9e3779b97f4a7c15;
  for (const uint64_t word : words) {
    hash = (hash ^ word) * 0xd6e8feb86659fd93;
    hash ^= hash >> 32;
  }
  return static_cast<size_t>(hash) & (sets_ - 1);
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

void DnsMemory::remember(const IpAddress& client, const IpAddress& server, uint64_t name_at, size_t name_length,
                         int64_t now_ns, uint32_t ttl_s) noexcept {
  Entry* const set = entries_.get() + set_of(client, server) * kWays;
  Entry* chosen = nullptr;
  for (Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->name_length != 0 && entry->server == server && entry->client == client) {
      chosen = entry;
      break;
    }
    if (chosen == nullptr || entry->expires_ns < chosen->expires_ns) chosen = entry;
  }
  const bool another = chosen->name_length != 0 && !(chosen->server == server && chosen->client == client);
  if (another && chosen->expires_ns > now_ns) ++counters_.replaced;
  const uint32_t kept_s = std::clamp(ttl_s, kLeastTtl_s, kMostTtl_s);
  int64_t expires_ns = 0;
  if (__builtin_add_overflow(now_ns, int64_t{kept_s} * kSecond_ns, &expires_ns)) expires_ns = now_ns;  // a lying clock
  *chosen = {client, server, expires_ns, name_at, static_cast<uint8_t>(name_length)};
  ++counters_.remembered;
}

void DnsMemory::learn(std::span<const uint8_t> message, const IpAddress& client, Timestamp time) noexcept {
  ByteReader reader(message);
  if (!reader.skip(2)) return;
  const auto flags = reader.be16();
  const auto questions = reader.be16();
  const auto answers = reader.be16();
  constexpr uint16_t kResponse = 0x8000, kOpcode = 0x7800, kCode = 0x000f;
  if (!flags || !questions || !answers || (*flags & kResponse) == 0 || (*flags & (kOpcode | kCode)) != 0) return;
  if (*questions != 1 || *answers == 0 || !reader.skip(4)) return;
  WireName asked;
  const auto size = read_name(reader, asked);
  if (!size || !reader.skip(4)) return;

  std::optional<uint64_t> name_at;
  size_t name_length = 0;
  for (size_t i = 0; i < std::min<size_t>(*answers, kMostAnswers); ++i) {
    if (!skip_name(reader)) return;
    const auto type = reader.be16();
    const auto internet = reader.be16();
    const auto ttl_s = reader.be32();
    const auto length = reader.be16();
    const auto data = length ? reader.take(*length) : std::nullopt;
    if (!data) return;
    const bool v4 = type == kTypeA && data->size() == 4;
    const bool v6 = type == kTypeAaaa && data->size() == 16;
    if ((!v4 && !v6) || internet != kClassInternet) continue;  // CNAMEs on the way do not matter: the question does
    if (!name_at) {
      const std::string_view name = name_.assign(std::span(asked).first(*size));
      if (name.empty()) return;
      name_at = keep(name);
      name_length = name.size();
      ++counters_.answers;
    }
    remember(client, v4 ? IpAddress::v4(data->data()) : IpAddress::v6(data->data()), *name_at, name_length,
             time.ns, *ttl_s);
  }
}

std::string_view DnsMemory::name_of(const IpAddress& client, const IpAddress& server, Timestamp time) const noexcept {
  const Entry* const set = entries_.get() + set_of(client, server) * kWays;
  for (const Entry* entry = set; entry != set + kWays; ++entry) {
    if (entry->name_length == 0 || entry->server != server || entry->client != client) continue;
    const bool overwritten = entry->name_at + ring_size_ < written_;
    if (overwritten || time.ns > entry->expires_ns) return {};
    return {ring_.get() + entry->name_at % ring_size_, entry->name_length};
  }
  return {};
}

}  // namespace wirewatch
