// SPDX-License-Identifier: BSD-3-Clause
// The report as tables for spreadsheets and data frames: one RFC 4180 file per table, each with a header row.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "control/report/report.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// Writes every table of the report into `directory`, which is made (mode 0700) when it is not there; answers
/// how many files were written. Text from the capture cannot become a formula: a cell that a spreadsheet
/// would evaluate starts with an apostrophe. Control characters and bytes that are not UTF-8 are written as
/// "\xNN".
Result<size_t> write_csv(const Report& report, const std::filesystem::path& directory);

/// One cell of text as it stands in the file, quoted where RFC 4180 asks.
std::string csv_cell(std::string_view text);

}  // namespace wirewatch
