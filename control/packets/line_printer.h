// SPDX-License-Identifier: BSD-3-Clause
// The packet list for people: tshark's default columns at tshark's widths, and each packet's bytes below its line if
// asked for.
#pragma once

#include "control/packets/packet_line.h"
#include "control/packets/packet_scan.h"
#include "control/report/output.h"

namespace wirewatch {

/// Seconds since the capture's first frame with as many digits as its clock has; empty for a frame without a time.
/// Returns the end of what was written to `out`, which holds kTimestampRoom.
char* format_relative_time(Timestamp time, Timestamp first, int64_t resolution_ns, char* out) noexcept;

/// Sixteen bytes a line: "0010  08 00 06 04 ...   ........".
void put_hex_dump(std::span<const uint8_t> bytes, Output& out) noexcept;

class LinePrinter final : public FrameVisitor {
 public:
  LinePrinter(const PacketFiles& files, Output& out, bool with_bytes)
      : files_(files), out_(out), with_bytes_(with_bytes), line_(std::make_unique<PacketLine>()) {}

  bool on_frame(const Frame& frame) override;
  void on_other(const Frame& frame) override { describer_.remember(frame); }
  bool on_pause() override { return !out_.finish(); }

 private:
  const PacketFiles& files_;
  Output& out_;
  bool with_bytes_;
  PacketDescriber describer_;
  std::unique_ptr<PacketLine> line_;
  uint64_t lines_ = 0;
};

}  // namespace wirewatch
