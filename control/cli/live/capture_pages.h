// SPDX-License-Identifier: BSD-3-Clause
// Capture sessions as pages: all of them as a table, and one with everything that is known of it.
#pragma once

#include <string>

#include "control/client/json_access.h"
#include "control/report/page.h"

namespace wirewatch {

/// GET /api/v1/captures
std::string captures_page(const Json& answer, const PageStyle& style);
/// GET /api/v1/captures/NAME
std::string capture_page(const Json& answer, const PageStyle& style);
/// One line: "Recording 'portmap': tcp.port == 111".
std::string capture_line(const Json& answer);

}  // namespace wirewatch
