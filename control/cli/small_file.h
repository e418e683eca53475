// SPDX-License-Identifier: BSD-3-Clause
// Reading a file that is meant to be written by hand: all of it, and never more than a mebibyte.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch {

/// `what` names the file's purpose in errors: "policy file".
Result<std::string> read_small_file(const std::string& path, std::string_view what);

}  // namespace wirewatch
