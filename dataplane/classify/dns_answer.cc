// SPDX-License-Identifier: BSD-3-Clause
// Names are read forwards only, and pointers are skipped, never followed: the question stands in full.
#include "dataplane/classify/dns_answer.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "dataplane/base/byte_reader.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

constexpr size_t kMostRecords = 64;
constexpr uint16_t kTypeA = 1, kTypeAaaa = 28, kClassInternet = 1;
// Programs keep addresses beyond the time to live they were told, and connect a little later.
constexpr uint32_t kLeastTtl_s = 300;
constexpr uint32_t kMostTtl_s = 86400;
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

/// A message that breaks off tells what stands before the break.
bool DnsAnswerReader::read(std::span<const uint8_t> message, DnsAnswer& answer) noexcept {
  answer.count = 0;
  ByteReader reader(message);
  if (!reader.skip(2)) return false;
  const auto flags = reader.be16();
  const auto questions = reader.be16();
  const auto records = reader.be16();
  constexpr uint16_t kResponse = 0x8000, kOpcode = 0x7800, kCode = 0x000f;
  if (!flags || !questions || !records || (*flags & kResponse) == 0 || (*flags & (kOpcode | kCode)) != 0) return false;
  if (*questions != 1 || *records == 0 || !reader.skip(4)) return false;
  WireName asked;
  const auto size = read_name(reader, asked);
  if (!size || !reader.skip(4)) return false;

  for (size_t i = 0; i < std::min<size_t>(*records, kMostRecords) && answer.count < DnsAnswer::kMostAddresses; ++i) {
    if (!skip_name(reader)) break;
    const auto type = reader.be16();
    const auto internet = reader.be16();
    const auto ttl_s = reader.be32();
    const auto length = reader.be16();
    const auto data = length ? reader.take(*length) : std::nullopt;
    if (!data) break;
    const bool v4 = type == kTypeA && data->size() == 4;
    const bool v6 = type == kTypeAaaa && data->size() == 16;
    if ((!v4 && !v6) || internet != kClassInternet) continue;  // CNAMEs on the way do not matter: the question does
    const int64_t kept_s = std::clamp(*ttl_s, kLeastTtl_s, kMostTtl_s);
    answer.addresses[answer.count++] = {v4 ? IpAddress::v4(data->data()) : IpAddress::v6(data->data()), kept_s * kSecond_ns};
  }
  if (answer.count == 0) return false;
  answer.name = name_.assign(std::span(asked).first(*size));
  return !answer.name.empty();
}

}  // namespace wirewatch
