// SPDX-License-Identifier: BSD-3-Clause
// What a capture file turned out to be: its format and link types, how far it could be read, and what was left
// unread, by name. Framers fill it while they read; it is complete once the reader has reached the end.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wirewatch {

enum class CaptureFormat : uint8_t { Pcap, PcapNg, NetMon };
/// "pcap", "pcapng" or "netmon".
std::string_view to_string(CaptureFormat format) noexcept;

/// Why a record of the file, or what remained of the file, is not among the packets. Names are in capture_summary.cc.
enum class Unread : uint8_t {
  TruncatedRecord,        // the file ends inside this record
  DamagedRecord,          // lengths that contradict each other: reading stopped here
  DamagedCompression,     // the gzip or zstd stream broke off: reading stopped here
  ReadError,              // the file or pipe could not be read any further
  UnknownBlock,           // a pcapng block type that is not read
  CustomBlock,            // a pcapng Custom Block: no frame
  UnknownInterface,       // a pcapng packet of an interface that its section never described: skipped
  DamagedOptions,         // interface options that do not fit their block: the defaults hold from there on
  MetadataRecord,         // a NetMon record about the capture itself: no frame
  TimestampOutOfRange,    // a frame that was read, whose time nanoseconds since 1970 cannot express
  Count,
};
std::string_view to_string(Unread reason) noexcept;

/// A time that nanoseconds since 1970 cannot express: the year 2262 and after.
struct WideTime {
  int64_t seconds = 0;
  uint32_t ns = 0;
  friend auto operator<=>(const WideTime&, const WideTime&) noexcept = default;
};

struct CaptureSummary {
  CaptureFormat format = CaptureFormat::Pcap;
  std::optional<uint16_t> link_type;       // the file's LINKTYPE_, absent when interfaces differ or there is none
  std::vector<uint16_t> link_types;        // all that were seen, sorted
  int64_t timestamp_resolution_ns = 1000;  // the finest among interfaces that had packets, rounded up to a nanosecond
  bool truncated = false;                  // the file ends inside a record, or damage made reading stop
  std::string damage;                      // the first fault: what was wrong, at which byte, what was expected
  std::vector<std::pair<std::string, uint64_t>> unread;  // names of Unread and how often, in order of appearance
  std::optional<WideTime> latest_out_of_range;  // of the frames that TimestampOutOfRange counts, those of pcapng
  uint64_t packets = 0;
  uint64_t bytes_read = 0;  // taken from the file itself: compressed bytes when it is compressed
  uint64_t file_size = 0;   // 0 for a stream
  std::string compression;  // "", "gzip" or "zstd"
  std::string key_log;      // secrets of TLS in pcapng's Decryption Secrets Blocks so far, in lines as programs log them

  void count(Unread reason);
  void add_link_type(uint16_t link_type_value);
  /// Notes a fault that does not end the reading; only the first sentence is kept.
  void note_damage(std::string sentence);
};

}  // namespace wirewatch
