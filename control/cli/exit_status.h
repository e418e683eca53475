// SPDX-License-Identifier: BSD-3-Clause
// What the shell is told. Scripts depend on these three and on nothing else.
#pragma once

#include <string_view>

namespace wirewatch {

enum class ExitStatus : int {
  Done = 0,
  No = 1,        // the answer is "no" or partial: unwanted traffic, a damaged file; what there is was printed
  Unusable = 2,  // wrong usage, or nothing could be read or written; the cause is on standard error
};

inline constexpr std::string_view kExitStatusHelp =
    "Exit status: 0 done; 1 the answer is \"no\" or partial (unwanted traffic, a damaged\n"
    "file), after printing it; 2 wrong usage, or nothing could be read or written.";

}  // namespace wirewatch
