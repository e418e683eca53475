// SPDX-License-Identifier: BSD-3-Clause
// Facts about the dialects are those of libpcap and of Wireshark's wiretap, checked with editcap and tshark 4.0.
#include "dataplane/capture/pcap_variant.h"

#include <fmt/format.h>

#include <array>

#include "dataplane/base/byte_order.h"
#include "dataplane/capture/framer.h"
#include "dataplane/capture/link_type.h"

namespace wirewatch {
namespace {

constexpr uint32_t kStandard = 16;    // seconds, sub-seconds, captured length, original length
constexpr uint32_t kNokia = 20;       // and four bytes of unknown meaning
constexpr uint32_t kKuznetzov = 24;   // and interface index, protocol, packet type, padding
constexpr uint32_t kSuse = 28;        // and two CPU numbers, padding
constexpr std::array<uint32_t, 3> kStandardDialects{kStandard, kKuznetzov, kNokia};
constexpr std::array<uint32_t, 2> kModifiedDialects{kKuznetzov, kSuse};

constexpr uint32_t kMagicStandard = 0xa1b2c3d4;

struct Magic {
  uint32_t value;
  uint32_t header_length;
  uint32_t subsecond_ns;
  std::span<const uint32_t> candidates;
};

constexpr std::array<Magic, 5> kMagics{{
    {kMagicStandard, 24, 1000, kStandardDialects},
    {0xa1b23c4d, 24, 1, {}},                    // nanoseconds
    {0xa1b2cd34, 24, 1000, kModifiedDialects},  // Kuznetzov's patches that changed the magic as well
    {0x1c0001ac, 28, 1, {}},                    // Ixia, captured in hardware
    {0x1c0001ab, 28, 1000, {}},                 // Ixia, captured in software
}};

struct MagicMatch {
  const Magic* magic = nullptr;
  std::endian order = std::endian::little;
};

MagicMatch match_magic(std::span<const uint8_t> head) noexcept {
  if (head.size() < 4) return {};
  for (const Magic& magic : kMagics) {
    if (load_le32(head.data()) == magic.value) return {&magic, std::endian::little};
    if (load_be32(head.data()) == magic.value) return {&magic, std::endian::big};
  }
  return {};
}

/// AIX writes version 2.2, interface types of RFC 1573 in place of link types, and nanoseconds.
struct AixLinkType {
  uint32_t interface_type;
  uint16_t link_type;
};
constexpr std::array<AixLinkType, 4> kAixLinkTypes{{{6, 1}, {9, 6}, {15, 10}, {24, 0}}};

struct RecordHeader {
  uint32_t subsecond;
  uint32_t captured;
  uint32_t original;
};

RecordHeader load_record_header(const uint8_t* at, std::endian order) noexcept {
  return {detail::load_as<uint32_t>(at + 4, order), detail::load_as<uint32_t>(at + 8, order),
          detail::load_as<uint32_t>(at + 12, order)};
}

/// Whether a record header of the kind that real files hold starts at `at`, or the file ends right there.
bool continues_well(const PcapLayout& layout, std::span<const uint8_t> records, size_t at) noexcept {
  if (at == records.size()) return true;
  if (at > records.size() || records.size() - at < kStandard) return false;
  const RecordHeader header = load_record_header(records.data() + at, layout.order);
  return header.subsecond < 1'000'000 && header.captured <= kMaxCapturedLength && header.captured <= header.original &&
         (layout.snapshot_length == 0 || header.captured <= layout.snapshot_length);
}

}  // namespace

bool starts_as_pcap(std::span<const uint8_t> head) noexcept { return match_magic(head).magic != nullptr; }

Result<PcapLayout> parse_pcap_header(std::span<const uint8_t> head, const std::string& name) {
  const auto [magic, order] = match_magic(head);
  if (magic == nullptr) return fail(fmt::format("{}: expected the magic number of a pcap file at byte 0", name));
  if (head.size() < magic->header_length) {
    return fail(fmt::format("{}: the pcap file header is cut short: expected {} bytes, the file has {}", name,
                            magic->header_length, head.size()));
  }
  const uint16_t major = detail::load_as<uint16_t>(head.data() + 4, order);
  const uint16_t minor = detail::load_as<uint16_t>(head.data() + 6, order);
  const uint32_t network = detail::load_as<uint32_t>(head.data() + 20, order);
  if (major < 2) return fail(fmt::format("{}: expected pcap version 2 or later at byte 4, found {}.{}", name, major, minor));

  PcapLayout layout;
  layout.order = order;
  layout.header_length = magic->header_length;
  layout.subsecond_ns = magic->subsecond_ns;
  layout.snapshot_length = detail::load_as<uint32_t>(head.data() + 16, order);
  layout.candidates = magic->candidates;
  // The upper half holds the FCS length, whether it is there, and reserved bits.
  layout.reserved_bits = network & 0x0bff0000;
  layout.link_type = canonical_link_type(static_cast<uint16_t>(network & 0xffff));

  constexpr uint16_t kDgUxMajor = 543;
  if (major == 2 && minor < 3) layout.lengths = LengthOrder::OriginalFirst;
  if (major == 2 && minor == 3) layout.lengths = LengthOrder::SmallerIsCaptured;
  if (major == kDgUxMajor) layout.lengths = LengthOrder::OriginalFirst;
  if (magic->value == kMagicStandard && major == 2 && minor == 2) {
    for (const AixLinkType& aix : kAixLinkTypes) {
      if (network != aix.interface_type) continue;
      layout.link_type = aix.link_type;
      layout.subsecond_ns = 1;
      layout.lengths = LengthOrder::CapturedFirst;
    }
  }
  // The patched dialects all say 2.4.
  if (major == 2 && minor < 4) layout.candidates = {};
  if (!layout.candidates.empty()) layout.record_header_length = layout.candidates.front();
  return layout;
}

std::optional<uint32_t> choose_record_header(const PcapLayout& layout, std::span<const uint8_t> records, bool last) {
  const uint32_t likeliest = layout.candidates.front();
  if (records.size() < kStandard) return last ? std::optional(likeliest) : std::nullopt;
  // All dialects begin with the same 16 bytes, so the first record's length is known; where the second one
  // starts tells them apart.
  const uint32_t captured = load_record_header(records.data(), layout.order).captured;
  if (captured > kMaxCapturedLength) return likeliest;
  if (!last && records.size() < size_t{kSuse} + captured + kStandard) return std::nullopt;
  for (const uint32_t candidate : layout.candidates) {
    if (continues_well(layout, records, size_t{candidate} + captured)) return candidate;
  }
  return likeliest;
}

}  // namespace wirewatch
