// SPDX-License-Identifier: BSD-3-Clause
// Answers of the API as the very Report that `inspect` fills, so that the same pages are printed of both.
#pragma once

#include <memory>

#include "control/client/json_access.h"
#include "control/report/report.h"

namespace wirewatch {

/// Adds the sections that the document has to `report`, which keeps it alive: names point into it.
void add_sections(const std::shared_ptr<const Json>& document, Report& report);

/// A row of "handshakes".
HandshakeRecord handshake_of(const Json& row);
/// A row's "client" or "server"; without an address when it has none.
Endpoint endpoint_of(const Json& row, const char* key);
/// A row's "packets" and "bytes".
Traffic traffic_of(const Json& row);

}  // namespace wirewatch
