// SPDX-License-Identifier: BSD-3-Clause
// The report for programs: one JSON document, schema "wirewatch/report/1" (DESIGN section 4). Keys may be
// added, the meaning of one never changes. Timestamps are strings "seconds.nnnnnnnnn", durations integer
// nanoseconds, addresses in RFC 5952 form. Each row of a list stands on its own line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "control/report/output.h"
#include "control/report/report.h"

namespace wirewatch {

inline constexpr std::string_view kReportSchema = "wirewatch/report/1";

struct JsonOptions {
  std::span<const std::string> files{};  // listed under "files" when there are several
  std::optional<uint16_t> only_port{};   // set when destinations and conversations were restricted to it
  std::string_view display_filter{};   // what the report was restricted to, as it was written; empty: nothing
  std::string_view bpf{};
};

/// Bytes of host names and paths that are not UTF-8 become U+FFFD, so that the document is always valid.
void write_json(const Report& report, const JsonOptions& options, Output& out);

}  // namespace wirewatch
