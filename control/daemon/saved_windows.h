// SPDX-License-Identifier: BSD-3-Clause
// The percentiles' windows and the most recent handshakes in a file, written now and then, so that a daemon that starts
// again shows the last hour and not the last seconds. Their slices are numbered by the machine's steady clock: what another
// start of the machine left is not taken up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/history/handshake_log.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {

inline constexpr size_t kMostSavedHandshakes = 1'000;
inline constexpr size_t kMostSavedWindowBytes = size_t{64} << 20;

/// Both clocks at one moment.
std::string encode_windows(const HandshakeLog& log, Timestamp utc, int64_t steady_ns);

/// False, and nothing is taken up, when the text is none that encode_windows() makes or of another steady clock.
bool take_up_windows(std::string_view text, HandshakeLog& log, Timestamp utc, int64_t steady_ns);

}  // namespace wirewatch
