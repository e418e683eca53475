// SPDX-License-Identifier: BSD-3-Clause
// Classic pcap comes in dialects that their magic number does not fully tell apart: Alexey Kuznetzov's patches of 1999
// (Red Hat 6.1, SuSE 6.3) and Nokia's added fields to the record header, AIX and DG/UX changed the meaning of some.
// This says how to read the records of a given file.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/base/result.h"

namespace wirewatch {

enum class LengthOrder : uint8_t {
  CapturedFirst,  // version 2.4
  OriginalFirst,  // before 2.3, and DG/UX's 543
  SmallerIsCaptured,  // 2.3: writers did either
};

struct PcapLayout {
  std::endian order = std::endian::little;
  uint32_t header_length = 24;         // of the file; 28 in Ixia's files
  uint32_t record_header_length = 16;  // more in the patched dialects
  uint32_t subsecond_ns = 1000;        // nanoseconds a unit of the sub-second field
  LengthOrder lengths = LengthOrder::CapturedFirst;
  uint16_t link_type = 1;
  uint32_t snapshot_length = 0;
  uint32_t reserved_bits = 0;          // of the link type field that have to be zero, and were not
  // Record header lengths that the magic leaves open, the likeliest first; empty when it is settled.
  std::span<const uint32_t> candidates;
};

/// Whether these four bytes are the magic of classic pcap or one of its dialects.
bool starts_as_pcap(std::span<const uint8_t> head) noexcept;

/// Reads the file header. `name` is for the error message.
Result<PcapLayout> parse_pcap_header(std::span<const uint8_t> head, const std::string& name);

/// Which of layout.candidates fits the records best. Looks at the first two records; nullopt when they are not all in
/// `records` and `last` is not set.
std::optional<uint32_t> choose_record_header(const PcapLayout& layout, std::span<const uint8_t> records, bool last);

}  // namespace wirewatch
