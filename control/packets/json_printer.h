// SPDX-License-Identifier: BSD-3-Clause
// The packet list for programs: one document, schema "wirewatch/packets/1", a packet a line.
#pragma once

#include "control/packets/packet_line.h"
#include "control/packets/packet_scan.h"
#include "control/report/json_writer.h"
#include "control/report/output.h"

namespace wirewatch {

class JsonPrinter final : public FrameVisitor {
 public:
  explicit JsonPrinter(Output& out);
  bool on_frame(const Frame& frame) override;
  void on_other(const Frame& frame) override { describer_.remember(frame); }
  void finish(const ScanTotals& totals);

 private:
  Output& out_;
  JsonWriter json_;
  PacketDescriber describer_;
  std::unique_ptr<PacketLine> line_ = std::make_unique<PacketLine>();
  uint64_t lines_ = 0;
};

}  // namespace wirewatch
