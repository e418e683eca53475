// SPDX-License-Identifier: BSD-3-Clause
// Checks of option values that say what was expected; CLI11's own print C++ types as well.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/cli/options/options.h"

namespace wirewatch {

/// Whole numbers from `least` to `most`.
ValueCheck whole_number(uint64_t least, uint64_t most);

/// One of these words: "expected packets or bytes, not 'foo'".
ValueCheck one_of(std::vector<std::string> words);

/// "packets, bytes or connections"
std::string listed(const std::vector<std::string>& words);

}  // namespace wirewatch
