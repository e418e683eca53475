// SPDX-License-Identifier: BSD-3-Clause
// Microsoft Network Monitor captures, 1.x and 2.0 to 2.3: a header, records anywhere, and a table of their offsets. As
// the table may stand at the end and point in any order, the walker needs the whole file in memory or mapped.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/capture_summary.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

/// Whether `head` starts as a Network Monitor file.
bool starts_as_netmon(std::span<const uint8_t> head) noexcept;

class NetMonWalker {
 public:
  /// `file` is the whole file and stays where it is. Errors when the header says nothing that can be followed; `name`
  /// is for their message. A frame table that is missing or cut only shows in the summary: records then are taken one
  /// behind the other, or as far as the table goes.
  static Result<std::unique_ptr<NetMonWalker>> open(std::span<const uint8_t> file, const std::string& name,
                                                    CaptureSummary& summary);

  /// The part of the file that one call of walk() has looked at.
  struct Touched {
    size_t begin = 0;
    size_t end = 0;
  };
  /// Appends the next packets until there are `limit` or the records are through; metadata records are no packets.
  Touched walk(std::vector<Packet>& packets, size_t limit);

 private:
  struct Record;  // one record's header and trailer, in host order

  NetMonWalker(std::span<const uint8_t> file, CaptureSummary& summary) noexcept : file_(file), summary_(summary) {}

  void find_records();
  std::optional<size_t> next_offset();
  bool read_record(size_t offset, Record& record);
  Timestamp to_time(const Record& record) const noexcept;
  void append(const Record& record, std::vector<Packet>& packets);
  void stop(Unread reason, std::string sentence);

  std::span<const uint8_t> file_;
  CaptureSummary& summary_;
  uint8_t major_ = 2;
  uint8_t minor_ = 0;
  uint16_t network_ = 1;                   // of the header, for versions before 2.1
  std::optional<int64_t> start_ns_;        // capture start; absent when nanoseconds since 1970 cannot say it
  std::span<const uint8_t> frame_table_;   // little-endian 32-bit offsets; empty when records are walked in a row
  size_t next_entry_ = 0;                  // of the frame table
  size_t next_in_row_ = 0;                 // offset of the next record without a table
  size_t row_end_ = 0;
  uint64_t number_ = 0;
  bool table_cut_ = false;
  bool stopped_ = false;
};

}  // namespace wirewatch
