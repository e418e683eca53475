// SPDX-License-Identifier: BSD-3-Clause
// The alerts in a file, so that a daemon that starts again still shows what was unwanted before. They are history: those of a
// data plane that has ended are kept as well.
#pragma once

#include <string>
#include <string_view>

#include "control/daemon/name_catalogue.h"
#include "control/history/alert_log.h"

namespace wirewatch {

inline constexpr size_t kMostSavedAlertBytes = size_t{16} << 20;

/// Applications go by name: the next daemon may number them otherwise. Of more than fit into `most_bytes`, the latest.
std::string encode_alerts(const AlertLog& log, const ApplicationNames& names, size_t most_bytes = kMostSavedAlertBytes);

/// False, and nothing is taken up, when the text is none that encode_alerts() makes.
bool take_up_alerts(std::string_view text, AlertLog& log, NameCatalogue& catalogue);

}  // namespace wirewatch
