// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/pcap_framer.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/base/byte_order.h"

namespace wirewatch {

PcapFramer::PcapFramer(const PcapLayout& layout, CaptureSummary& summary)
    : Framer(summary), layout_(layout), layout_settled_(layout.candidates.empty()) {
  summary.format = CaptureFormat::Pcap;
  summary.timestamp_resolution_ns = layout.subsecond_ns;
  summary.add_link_type(layout.link_type);
  if (layout.reserved_bits != 0) {
    summary.note_damage(fmt::format("the reserved bits of the link type at byte 20 are {:#x}, expected 0: link type {} may"
                                    " be wrong", layout.reserved_bits, layout.link_type));
  }
}

size_t PcapFramer::frame(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets, size_t limit) {
  if (stopped_) return bytes.size();
  size_t done = 0;
  if (!header_done_) {
    if (bytes.size() < layout_.header_length) return 0;
    header_done_ = true;
    done = layout_.header_length;
  }
  if (!layout_settled_) {
    const auto chosen = choose_record_header(layout_, bytes.subspan(done), last);
    if (!chosen) {
      offset_ += done;
      return done;
    }
    layout_.record_header_length = *chosen;
    layout_settled_ = true;
  }
  offset_ += done;
  const auto records = bytes.subspan(done);
  done += layout_.order == std::endian::little ? frame_records<std::endian::little>(records, last, packets, limit)
                                               : frame_records<std::endian::big>(records, last, packets, limit);
  return done;
}

template <std::endian kOrder>
size_t PcapFramer::frame_records(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets,
                                 size_t limit) {
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  // In locals, since a store into a Packet could otherwise alias them.
  const uint32_t header_length = layout_.record_header_length;
  const int64_t subsecond_ns = layout_.subsecond_ns;
  const LengthOrder lengths = layout_.lengths;
  const uint16_t link_type = layout_.link_type;
  uint64_t number = number_;
  bool cut = false;

  while (packets.size() < limit) {
    const auto left = static_cast<size_t>(end - at);
    if (left < header_length) {
      cut = left != 0;
      break;
    }
    const int64_t seconds = detail::load_as<uint32_t>(at, kOrder);
    const int64_t subseconds = detail::load_as<uint32_t>(at + 4, kOrder);
    uint32_t captured = detail::load_as<uint32_t>(at + 8, kOrder);
    uint32_t original = detail::load_as<uint32_t>(at + 12, kOrder);
    if (lengths != LengthOrder::CapturedFirst) [[unlikely]] {
      if (lengths == LengthOrder::OriginalFirst || captured > original) std::swap(captured, original);
    }
    if (captured > kMaxCapturedLength) [[unlikely]] {
      const uint64_t offset = offset_ + static_cast<uint64_t>(at - bytes.data());
      stop(Unread::DamagedRecord, fmt::format("the record at byte {} claims {} captured bytes, expected at most {}",
                                              offset, captured, kMaxCapturedLength));
      break;
    }
    if (left - header_length < captured) {
      cut = true;
      break;
    }
    // A sub-second field of a second or more carries over into the seconds; this cannot overflow.
    packets.push_back(Packet{.data = at + header_length,
                             .captured_length = captured,
                             .original_length = believable_original_length(original),
                             .time = {seconds * 1'000'000'000 + subseconds * subsecond_ns},
                             .number = ++number,
                             .link_type = link_type,
                             .interface = 0});
    at += header_length + captured;
  }

  number_ = number;
  summary_.packets = number;
  const auto done = static_cast<size_t>(at - bytes.data());
  offset_ += done;
  if (cut && last) {
    stop(Unread::TruncatedRecord, fmt::format("the file ends {} bytes into the record at byte {}", end - at, offset_));
  }
  return stopped_ ? bytes.size() : done;
}

}  // namespace wirewatch
