// SPDX-License-Identifier: BSD-3-Clause
// Sizes and times as people write them in options and configuration files.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch {

/// "4096", "512K", "100M", "1.5G", "2T", "100MiB": powers of 1024, as sizes are printed; "100MB" is a power of 1000.
Result<uint64_t> parse_size(std::string_view text);

/// "60s", "250us", "50ms", "5m" or "5min", "1h", "2d", "1h30m", and a number without a unit, which is seconds; in
/// nanoseconds.
Result<int64_t> parse_duration(std::string_view text);

}  // namespace wirewatch
