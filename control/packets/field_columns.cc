// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/field_columns.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "control/packets/line_printer.h"
#include "control/report/human.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

enum LineColumn : size_t { kNumber, kTime, kSource, kDestination, kProtocol, kLength, kInfo };
constexpr std::array<std::string_view, 7> kLineColumns{"No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"};
constexpr std::string_view kColumnPrefix = "_ws.col.";

/// Wireshark wrote these with a capital before 4.2 and without since.
std::optional<size_t> line_column(std::string_view name) {
  if (!name.starts_with(kColumnPrefix)) return {};
  name.remove_prefix(kColumnPrefix.size());
  for (size_t i = 0; i < kLineColumns.size(); ++i) {
    const bool same = std::ranges::equal(name, kLineColumns[i], [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    });
    if (same || (i == kNumber && (name == "number" || name == "No"))) return i;
  }
  return {};
}

/// "/t", "/s" or the character itself.
std::optional<char> character(std::string_view text) {
  if (text == "/t") return '\t';
  if (text == "/s") return ' ';
  return text.size() == 1 ? std::optional(text.front()) : std::nullopt;
}

}  // namespace

Result<void> FieldStyle::set(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  const std::string_view name = assignment.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view{} : assignment.substr(equals + 1);
  const auto wrong = [&](std::string_view expected) {
    return fail("-E " + std::string(assignment) + ": expected " + std::string(expected));
  };
  if (name == "header") {
    if (value != "y" && value != "n") return wrong("header=y or header=n");
    header = value == "y";
  } else if (name == "separator" || name == "aggregator") {
    const auto given = character(value);
    if (!given) return wrong(std::string(name) + "=/t, /s or a single character");
    (name == "separator" ? separator : aggregator) = *given;
  } else if (name == "quote") {
    if (value != "d" && value != "s" && value != "n") return wrong("quote=d (double), s (single) or n (none)");
    quote = value == "d" ? '"' : value == "s" ? '\'' : '\0';
  } else if (name == "occurrence") {
    if (value != "f" && value != "l" && value != "a") return wrong("occurrence=f (first), l (last) or a (all)");
    occurrence = value.front();
  } else {
    constexpr std::array<std::string_view, 5> kNames{"header", "separator", "quote", "occurrence", "aggregator"};
    return wrong("header, separator, quote, occurrence or aggregator" + did_you_mean(name, kNames));
  }
  return {};
}

Result<FieldColumns> FieldColumns::compile(const std::vector<std::string>& names) {
  std::vector<Column> columns;
  std::vector<std::string> fields;
  bool shows_lines = false;
  for (const std::string& name : names) {
    if (const auto of_line = line_column(name)) {
      columns.push_back({name, *of_line, true});
      shows_lines = true;
    } else {
      columns.push_back({name, fields.size(), false});
      fields.push_back(name);
    }
  }
  auto reader = FieldReader::compile(fields);
  if (!reader) return tl::unexpected(reader.error());
  FieldColumns made(std::move(*reader));
  made.columns_ = std::move(columns);
  made.shows_lines_ = shows_lines;
  return made;
}

Needs FieldColumns::needs() const noexcept {
  Needs needs = reader_.needs();
  if (shows_lines_) needs |= Needs{.times = true, .streams = true, .flow = true, .whole_flow = true};
  return needs;
}

void FieldColumns::read(const Frame& frame, int64_t resolution_ns) {
  reader_.read(frame);
  if (!shows_lines_) return;
  describer_.describe(frame, *line_);
  number_ = frame.packet.number;
  length_ = frame.packet.original_length;
  char text[kTimestampRoom];
  time_.assign(text, format_relative_time(frame.packet.time, frame.first_time, resolution_ns, text));
}

size_t FieldColumns::count(size_t column) const noexcept {
  return columns_[column].of_line ? 1 : reader_.count(columns_[column].place);
}

std::string_view FieldColumns::value(size_t column, size_t occurrence) {
  const Column& at = columns_[column];
  if (!at.of_line) {
    text_.clear();
    reader_.print(at.place, occurrence, text_);
    return text_;
  }
  switch (at.place) {
    case kNumber: return text_ = std::to_string(number_);
    case kTime: return time_;
    case kSource: return line_->source.view();
    case kDestination: return line_->destination.view();
    case kProtocol: return line_->protocol;
    case kLength: return text_ = std::to_string(length_);
    default: return line_->info.view();
  }
}

FieldPrinter::FieldPrinter(const PacketFiles& files, FieldColumns& columns, const FieldStyle& style, Output& out)
    : files_(files), columns_(columns), style_(style), out_(out) {
  if (!style_.header) return;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) out_.put(style_.separator);
    out_.put(std::string_view(columns_.name(i)));
  }
  out_.put('\n');
}

void FieldPrinter::put_column(size_t column) {
  const size_t count = columns_.count(column);
  if (count == 0) return;
  if (style_.quote != '\0') out_.put(style_.quote);
  const size_t first = style_.occurrence == 'l' ? count - 1 : 0, end = style_.occurrence == 'f' ? 1 : count;
  for (size_t i = first; i < end; ++i) {
    if (i > first) out_.put(style_.aggregator);
    out_.put(columns_.value(column, i));
  }
  if (style_.quote != '\0') out_.put(style_.quote);
}

bool FieldPrinter::on_frame(const Frame& frame) {
  columns_.read(frame, files_.resolution_ns());
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) out_.put(style_.separator);
    put_column(i);
  }
  out_.put('\n');
  return ++lines_ % kLinesBetweenChecks != 0 || !out_.finish();
}

FieldJsonPrinter::FieldJsonPrinter(const PacketFiles& files, FieldColumns& columns, Output& out)
    : files_(files), columns_(columns), out_(out) {
  out_.put('[');
}

bool FieldJsonPrinter::on_frame(const Frame& frame) {
  columns_.read(frame, files_.resolution_ns());
  // The index that tshark would send this to: named after the day, which here is the packet's own, in UTC.
  const std::string day = frame.packet.time == kNoTimestamp ? "unknown" : utc_time(frame.packet.time, 1).substr(0, 10);
  out_.put(packets_++ > 0 ? std::string_view(",\n  {\n") : std::string_view("\n  {\n"));
  out_.put("    \"_index\": \"packets-");
  out_.put(std::string_view(day));
  out_.put("\",\n    \"_type\": \"doc\",\n    \"_score\": null,\n    \"_source\": {\n      \"layers\": {");
  bool first = true;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const size_t count = columns_.count(i);
    if (count == 0) continue;
    out_.put(first ? std::string_view("\n        ") : std::string_view(",\n        "));
    first = false;
    JsonWriter(out_).value(std::string_view(columns_.name(i)));
    out_.put(": [\n");
    for (size_t k = 0; k < count; ++k) {
      out_.put("          ");
      JsonWriter(out_).value(columns_.value(i, k));
      out_.put(k + 1 < count ? std::string_view(",\n") : std::string_view("\n"));
    }
    out_.put("        ]");
  }
  out_.put("\n      }\n    }\n  }");
  return packets_ % kLinesBetweenChecks != 0 || !out_.finish();
}

void FieldJsonPrinter::finish() { out_.put("\n]\n"); }

}  // namespace wirewatch
