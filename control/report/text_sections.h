// SPDX-License-Identifier: BSD-3-Clause
// The parts of the text report; text.cc puts them in order. Each writes its own headings.
#pragma once

#include "control/report/page.h"
#include "control/report/report.h"
#include "control/report/text.h"

namespace wirewatch {

void write_headline(const Report& report, const TextOptions& options, Page& page);
void write_connection_set_up(const Report& report, const TextOptions& options, Page& page);
void write_protocols(const Report& report, const TextOptions& options, Page& page);
void write_destinations(const Report& report, const TextOptions& options, Page& page);
void write_trust(const Report& report, Page& page);

/// In text_unwanted.cc: the warning at the top of the page, and the table of who and whom among the
/// protocols.
void write_unwanted_banner(const Report& report, Page& page);
void write_unwanted(const Report& report, const TextOptions& options, Page& page);

/// A note below a table that shows `shown` of `all` rows; nothing when it shows all.
void write_rest(size_t shown, size_t all, Page& page);

}  // namespace wirewatch
