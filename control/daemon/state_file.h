// SPDX-License-Identifier: BSD-3-Clause
// What a daemon leaves for the next one, in a file beside its socket: replaced as a whole, read only when it is ours.
#pragma once

#include <cstddef>
#include <string>

#include "dataplane/base/result.h"

namespace wirewatch {

/// Writes it beside the old one and puts it in its place (mode 0600). The Error is the reason alone.
Result<void> replace_state_file(const std::string& path, const std::string& text);

/// Empty when it is not there, somebody else's, no plain file or larger than `most_bytes`.
std::string read_state_file(const std::string& path, size_t most_bytes);

}  // namespace wirewatch
