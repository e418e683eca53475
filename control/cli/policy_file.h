// SPDX-License-Identifier: BSD-3-Clause
// The policy file of `inspect`: which applications and categories should not be there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

/// Reads TOML such as `unwanted = ["bittorrent", "p2p"]`. Anything else in the file is refused with its line,
/// since a mistyped policy that passes is worse than none. Whether the names exist is for the rules to say.
Result<std::vector<std::string>> read_policy_file(const std::string& path);
Result<std::vector<std::string>> parse_policy(std::string_view text, const std::string& path);

}  // namespace wirewatch
