// SPDX-License-Identifier: BSD-3-Clause
// Checks of option values that say what was expected; CLI11's own print C++ types as well.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace wirewatch {

/// Whole numbers from `least` to `most`.
CLI::Validator whole_number(uint64_t least, uint64_t most);

/// One of these words: "expected packets or bytes, not 'foo'".
CLI::Validator one_of(std::vector<std::string> words);

/// An option that may be given again and takes one value each time.
CLI::Option* once_each(CLI::Option* option);

/// "packets, bytes or connections"
std::string listed(const std::vector<std::string>& words);

}  // namespace wirewatch
