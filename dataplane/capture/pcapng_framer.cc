// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/pcapng_framer.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/base/byte_order.h"
#include "dataplane/capture/link_type.h"
#include "dataplane/capture/pcapng_block_type.h"

namespace wirewatch {
namespace {

constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kMinBlock = 12;          // type, total length, total length
constexpr uint32_t kMinSectionHeader = 28;  // and byte order, version, section length
constexpr uint32_t kMinInterface = 20;
constexpr uint32_t kMinSimple = 16;
constexpr uint32_t kMinEnhanced = 32;  // of the obsolete Packet Block as well
constexpr uint32_t kTrailer = 4;
// Blocks hold one packet or some names; one longer than this is a damaged length.
constexpr uint32_t kMaxBlock = 128u << 20;
// Packet.interface is 16 bits, and a file of empty interface descriptions must not fill the memory.
constexpr size_t kMaxInterfaces = 65536;

constexpr uint32_t round_up_to_4(uint32_t length) noexcept { return (length + 3) & ~uint32_t{3}; }

}  // namespace

bool starts_as_pcapng(std::span<const uint8_t> head) noexcept {
  return head.size() >= 4 && load_le32(head.data()) == pcapng_block::kSectionHeader;
}

Result<void> check_pcapng_header(std::span<const uint8_t> head, const std::string& name) {
  if (head.size() < kMinSectionHeader) {
    return fail(fmt::format("{}: the pcapng section header is cut short: expected at least {} bytes, the file has {}",
                            name, kMinSectionHeader, head.size()));
  }
  const uint32_t little = load_le32(head.data() + 8);
  const uint32_t big = load_be32(head.data() + 8);
  if (little != kByteOrderMagic && big != kByteOrderMagic) {
    return fail(fmt::format("{}: expected pcapng's byte-order magic {:#010x} at byte 8, found {:#010x}", name,
                            kByteOrderMagic, little));
  }
  const uint16_t major = little == kByteOrderMagic ? load_le16(head.data() + 12) : load_be16(head.data() + 12);
  if (major != 1) return fail(fmt::format("{}: expected pcapng version 1 at byte 12, found {}", name, major));
  return {};
}

PcapNgFramer::PcapNgFramer(CaptureSummary& summary) : Framer(summary) {
  summary.format = CaptureFormat::PcapNg;
}

uint16_t PcapNgFramer::load16(const uint8_t* at) const noexcept { return detail::load_as<uint16_t>(at, order_); }
uint32_t PcapNgFramer::load32(const uint8_t* at) const noexcept { return detail::load_as<uint32_t>(at, order_); }

size_t PcapNgFramer::frame(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets, size_t limit) {
  size_t done = 0;
  while (!stopped_ && packets.size() < limit) {
    size_t step = 0;
    if (skip_ != 0) {
      step = skip(bytes.subspan(done), last);
    } else {
      step = order_ == std::endian::little ? frame_enhanced<std::endian::little>(bytes.subspan(done), packets, limit)
                                           : frame_enhanced<std::endian::big>(bytes.subspan(done), packets, limit);
      if (step == 0) {
        step = frame_block(bytes.subspan(done), last, packets);
        offset_ += step;
      }
    }
    if (step == 0) break;
    done += step;
  }
  summary_.packets = number_;
  return stopped_ ? bytes.size() : done;
}

template <std::endian kOrder>
size_t PcapNgFramer::frame_enhanced(std::span<const uint8_t> bytes, std::vector<Packet>& packets, size_t limit) {
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  PcapNgInterface* const interfaces = interfaces_.data();
  const size_t interface_count = interfaces_.size();
  uint64_t number = number_;
  const auto load = [](const uint8_t* from) { return detail::load_as<uint32_t>(from, kOrder); };

  while (packets.size() < limit && static_cast<size_t>(end - at) >= kMinEnhanced) {
    const uint32_t total = load(at + 4);
    if (load(at) != pcapng_block::kEnhancedPacket || total < kMinEnhanced || total % 4 != 0) break;
    if (total > static_cast<size_t>(end - at) || total > kMaxFramerLookahead || load(at + total - kTrailer) != total) break;
    const uint32_t interface_id = load(at + 8);
    const uint32_t captured = load(at + 20);
    if (interface_id >= interface_count || captured > kMaxCapturedLength || captured > total - kMinEnhanced) break;
    PcapNgInterface& interface = interfaces[interface_id];
    const Timestamp time = interface.to_time(uint64_t{load(at + 12)} << 32 | load(at + 16));
    if (!interface.had_packets || time == kNoTimestamp) [[unlikely]] break;
    packets.push_back(Packet{.data = at + 28,
                             .captured_length = captured,
                             .original_length = believable_original_length(load(at + 24)),
                             .time = time,
                             .number = ++number,
                             .link_type = interface.link_type,
                             .interface = interface.number});
    at += total;
  }
  number_ = number;
  const auto done = static_cast<size_t>(at - bytes.data());
  offset_ += done;
  return done;
}

size_t PcapNgFramer::skip(std::span<const uint8_t> bytes, bool last) {
  size_t done = 0;
  if (skip_ > kTrailer) {
    done = static_cast<size_t>(std::min<uint64_t>(skip_ - kTrailer, bytes.size()));
    skip_ -= done;
    offset_ += done;
  }
  const size_t left = bytes.size() - done;
  if (skip_ == kTrailer && left >= kTrailer) {
    const uint32_t trailer = round_up_to_4(load32(bytes.data() + done));
    if (trailer != skipped_total_) {
      damage(fmt::format("the block length at byte {} is {}, expected {} as at the block's start", offset_, trailer,
                         skipped_total_));
    }
    skip_ = 0;
    done += kTrailer;
    offset_ += kTrailer;
  } else if (last) {
    cut_short(left);
  }
  return done;
}

void PcapNgFramer::cut_short(size_t left) {
  stop(Unread::TruncatedRecord, fmt::format("the file ends inside a block: at byte {} only {} more follow", offset_, left));
}

size_t PcapNgFramer::frame_block(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets) {
  if (bytes.size() < kMinBlock) {
    if (last && !bytes.empty()) cut_short(bytes.size());
    return 0;
  }
  // The section header's type reads the same in both byte orders, and its byte order is told inside.
  const bool is_section = load_le32(bytes.data()) == pcapng_block::kSectionHeader;
  if (is_section) {
    const uint32_t magic = load_le32(bytes.data() + 8);
    if (magic != kByteOrderMagic && magic != __builtin_bswap32(kByteOrderMagic)) {
      damage(fmt::format("expected pcapng's byte-order magic {:#010x} at byte {}, found {:#010x}", kByteOrderMagic,
                         offset_ + 8, magic));
      return 0;
    }
    order_ = magic == kByteOrderMagic ? std::endian::little : std::endian::big;
  }
  const uint32_t type = load32(bytes.data());
  const uint32_t claimed = load32(bytes.data() + 4);
  const uint32_t least = is_section                      ? kMinSectionHeader
                         : type == pcapng_block::kInterfaceDescription ? kMinInterface
                         : type == pcapng_block::kSimplePacket         ? kMinSimple
                         : type == pcapng_block::kEnhancedPacket || type == pcapng_block::kObsoletePacket ? kMinEnhanced
                                                                              : kMinBlock;
  if (claimed < least || claimed > kMaxBlock) {
    damage(fmt::format("the block of type {:#x} at byte {} claims a length of {}, expected {} to {}", type, offset_,
                       claimed, least, kMaxBlock));
    return 0;
  }
  const uint32_t total = round_up_to_4(claimed);
  const bool whole = total <= kMaxFramerLookahead;
  const auto visible = whole ? size_t{total} : kMaxFramerLookahead;
  if (bytes.size() < visible) {
    if (last) cut_short(bytes.size());
    return 0;
  }
  if (whole) {
    const uint32_t trailer = load32(bytes.data() + total - kTrailer);
    if (round_up_to_4(trailer) != total) {
      damage(fmt::format("the block at byte {} ends with length {}, expected {} as at its start", offset_, trailer, total));
      return 0;
    }
  } else {
    skip_ = total - visible;
    skipped_total_ = total;
  }
  const auto block = bytes.first(whole ? visible - kTrailer : visible);
  switch (type) {
    case pcapng_block::kSectionHeader: begin_section(block); break;
    case pcapng_block::kInterfaceDescription: describe_interface(block, whole); break;
    case pcapng_block::kEnhancedPacket:
    case pcapng_block::kObsoletePacket:
    case pcapng_block::kSimplePacket: read_packet_block(type, block, total, packets); break;
    case pcapng_block::kDecryptionSecrets: keep_secrets(block, whole); break;
    case pcapng_block::kNameResolution:
    case pcapng_block::kInterfaceStatistics: break;
    case pcapng_block::kCustom:
    case pcapng_block::kCustomNotCopied: summary_.count(Unread::CustomBlock); break;
    default: summary_.count(Unread::UnknownBlock); break;
  }
  return stopped_ ? 0 : visible;
}

void PcapNgFramer::begin_section(std::span<const uint8_t> block) {
  const uint16_t major = load16(block.data() + 12);
  if (major != 1) {
    damage(fmt::format("expected pcapng version 1 at byte {}, found {}", offset_ + 12, major));
    return;
  }
  interfaces_before_ += interfaces_.size();
  interfaces_.clear();
}

void PcapNgFramer::describe_interface(std::span<const uint8_t> block, bool whole) {
  if (interfaces_.size() == kMaxInterfaces) {
    damage(fmt::format("the interface described at byte {} is one more than the {} of a section that are read", offset_,
                       kMaxInterfaces));
    return;
  }
  PcapNgInterface interface;
  interface.link_type = canonical_link_type(load16(block.data() + 8));
  interface.snapshot_length = load32(block.data() + 12);
  interface.number = static_cast<uint16_t>(std::min<uint64_t>(interfaces_before_ + interfaces_.size(), 0xffff));
  if (!read_interface_options(block.subspan(16), order_, interface) && whole) {
    summary_.count(Unread::DamagedOptions);
    summary_.note_damage(fmt::format("an option of the interface described at byte {} is longer than its block", offset_));
  }
  interfaces_.push_back(interface);
}

/// Section 4.7 of the draft. Of a block too long to be looked at whole, the lines at its start.
void PcapNgFramer::keep_secrets(std::span<const uint8_t> block, bool whole) {
  constexpr uint32_t kTlsKeyLog = 0x544c534b;
  constexpr size_t kSecretsAt = 16, kMostKept = size_t{16} << 20;
  if (block.size() < kSecretsAt || load32(block.data() + 8) != kTlsKeyLog) return;
  auto secrets = block.subspan(kSecretsAt);
  secrets = secrets.first(std::min<size_t>(secrets.size(), load32(block.data() + 12)));
  while (!whole && !secrets.empty() && secrets.back() != '\n') secrets = secrets.first(secrets.size() - 1);
  if (secrets.size() >= kMostKept - std::min(kMostKept, summary_.key_log.size())) return;
  summary_.key_log.append(secrets.begin(), secrets.end());
  summary_.key_log += '\n';  // the last line may be without
}

void PcapNgFramer::read_packet_block(uint32_t type, std::span<const uint8_t> block, uint32_t total,
                                     std::vector<Packet>& packets) {
  const uint8_t* const at = block.data();
  PacketFields fields;
  if (type == pcapng_block::kSimplePacket) {
    fields.original = load32(at + 8);
    fields.captured = std::min(fields.original, total - kMinSimple);
    if (!interfaces_.empty() && interfaces_[0].snapshot_length != 0) {
      fields.captured = std::min(fields.captured, interfaces_[0].snapshot_length);
    }
    fields.header = 12;
    fields.timed = false;
  } else {
    fields.interface = type == pcapng_block::kEnhancedPacket ? load32(at + 8) : load16(at + 8);
    fields.time = uint64_t{load32(at + 12)} << 32 | load32(at + 16);
    fields.captured = load32(at + 20);
    fields.original = load32(at + 24);
    fields.header = 28;
  }
  if (fields.captured > kMaxCapturedLength) {
    damage(fmt::format("the packet block at byte {} claims {} captured bytes, expected at most {}", offset_,
                       fields.captured, kMaxCapturedLength));
  } else if (fields.captured > total - fields.header - kTrailer) {
    damage(fmt::format("the packet block at byte {} claims {} captured bytes, expected at most the {} it has room for",
                       offset_, fields.captured, total - fields.header - kTrailer));
  } else if (fields.interface >= interfaces_.size()) {
    summary_.count(Unread::UnknownInterface);
    summary_.note_damage(fmt::format("the packet block at byte {} names interface {}, expected one of the {} its section"
                                     " has described", offset_, fields.interface, interfaces_.size()));
  } else {
    append(fields, at, packets);
  }
}

void PcapNgFramer::append(const PacketFields& fields, const uint8_t* block, std::vector<Packet>& packets) {
  PcapNgInterface& interface = interfaces_[fields.interface];
  if (!interface.had_packets) note_interface(interface);
  const Timestamp time = fields.timed ? interface.to_time(fields.time) : kNoTimestamp;
  if (fields.timed && time == kNoTimestamp) {
    summary_.count(Unread::TimestampOutOfRange);
    summary_.latest_out_of_range = std::max(summary_.latest_out_of_range, {interface.to_wide_time(fields.time)});
  }
  packets.push_back(Packet{.data = block + fields.header,
                           .captured_length = fields.captured,
                           .original_length = believable_original_length(fields.original),
                           .time = time,
                           .number = ++number_,
                           .link_type = interface.link_type,
                           .interface = interface.number});
}

void PcapNgFramer::note_interface(PcapNgInterface& interface) {
  interface.had_packets = true;
  summary_.add_link_type(interface.link_type);
  const int64_t resolution = interface.resolution_ns();
  summary_.timestamp_resolution_ns =
      resolution_known_ ? std::min(summary_.timestamp_resolution_ns, resolution) : resolution;
  resolution_known_ = true;
}

}  // namespace wirewatch
