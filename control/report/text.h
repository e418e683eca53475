// SPDX-License-Identifier: BSD-3-Clause
// The report for people: what the capture is, then the four questions of DESIGN section 1 in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "control/report/page.h"
#include "control/report/report.h"
#include "control/report/view.h"

namespace wirewatch {

struct TextOptions {
  PageStyle page;
  size_t top = 10;  // rows of each table
  SortKey sort = SortKey::Packets;
  std::optional<uint16_t> only_port;   // set when destinations and conversations were restricted to it
  std::span<const std::string> files;  // named when there are several
  bool local_given = false;  // sent and received are seen from --local instead of the flows' clients
};

std::string text_report(const Report& report, const TextOptions& options);

}  // namespace wirewatch
