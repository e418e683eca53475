// SPDX-License-Identifier: BSD-3-Clause
// What `wirewatch block` is told, as the API wants it, and the list of what is blocked as a page.
#pragma once

#include <string>
#include <vector>

#include "control/client/json_access.h"
#include "control/report/page.h"
#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {

/// {"prefix": ...} of an address or a prefix, {"flow": ...} of "tcp 10.0.0.1:40000 10.0.0.2:443", {"name": ...} of any other word.
Result<Json> blocked_of(const std::vector<std::string>& words);
/// {"allow": ...}: one address or prefix.
Result<Json> allowed_of(const std::vector<std::string>& words);

/// The answer's list, with what is left of each one's time at the time of the answer.
std::string block_page(const Json& answer, const PageStyle& style);
/// "port 'mirror0' keeps nothing back: ..." for each port that cannot; empty when all can.
std::string not_on_lines(const Json& answer);

}  // namespace wirewatch
