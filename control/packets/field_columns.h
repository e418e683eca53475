// SPDX-License-Identifier: BSD-3-Clause
// The fields named with -e, printed as `tshark -T fields` and `tshark -T json` print them. Columns of the packet list go
// by the names that Wireshark gives them: _ws.col.Info, _ws.col.Protocol and so on.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/packets/packet_line.h"
#include "control/packets/packet_scan.h"
#include "control/report/json_writer.h"
#include "control/report/output.h"
#include "dataplane/filter/field_reader.h"

namespace wirewatch {

/// -E name=value of tshark.
struct FieldStyle {
  bool header = false;
  char separator = '\t';
  char quote = '\0';           // around each value
  char occurrence = 'a';       // f(irst), l(ast), a(ll)
  char aggregator = ',';       // between the occurrences of one field

  /// Takes "header=y", "separator=/t" and so on; the Error says what can be written.
  Result<void> set(std::string_view assignment);
};

/// The values of some fields of one frame.
class FieldColumns {
 public:
  static Result<FieldColumns> compile(const std::vector<std::string>& names);

  Needs needs() const noexcept;
  /// Some are columns of the packet list, which need the flow's application.
  bool shows_lines() const noexcept { return shows_lines_; }
  size_t size() const noexcept { return columns_.size(); }
  const std::string& name(size_t column) const noexcept { return columns_[column].name; }

  void read(const Frame& frame, int64_t resolution_ns);
  /// A frame that is not printed.
  void remember(const Frame& frame) noexcept {
    if (shows_lines_) describer_.remember(frame);
  }
  size_t count(size_t column) const noexcept;
  /// Valid until the next call.
  std::string_view value(size_t column, size_t occurrence);

 private:
  struct Column {
    std::string name;
    size_t place = 0;          // among the reader's fields, or in kLineColumns
    bool of_line = false;
  };
  explicit FieldColumns(FieldReader reader) : reader_(std::move(reader)) {}

  FieldReader reader_;
  std::vector<Column> columns_;
  bool shows_lines_ = false;
  PacketDescriber describer_;
  std::unique_ptr<PacketLine> line_ = std::make_unique<PacketLine>();
  uint64_t number_ = 0;
  uint32_t length_ = 0;
  std::string time_;
  std::string text_;
};

/// -T fields
class FieldPrinter final : public FrameVisitor {
 public:
  FieldPrinter(const PacketFiles& files, FieldColumns& columns, const FieldStyle& style, Output& out);
  bool on_frame(const Frame& frame) override;
  void on_other(const Frame& frame) override { columns_.remember(frame); }
  bool on_pause() override { return !out_.finish(); }

 private:
  void put_column(size_t column);

  const PacketFiles& files_;
  FieldColumns& columns_;
  FieldStyle style_;
  Output& out_;
  uint64_t lines_ = 0;
};

/// -T json with -e, in tshark's shape. `finish` closes the document.
class FieldJsonPrinter final : public FrameVisitor {
 public:
  FieldJsonPrinter(const PacketFiles& files, FieldColumns& columns, Output& out);
  bool on_frame(const Frame& frame) override;
  void on_other(const Frame& frame) override { columns_.remember(frame); }
  void finish();

 private:
  const PacketFiles& files_;
  FieldColumns& columns_;
  Output& out_;
  uint64_t packets_ = 0;
};

}  // namespace wirewatch
