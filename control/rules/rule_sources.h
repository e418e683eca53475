// SPDX-License-Identifier: BSD-3-Clause
// The rule files as read, before anything is understood of them. Their hash needs no parsing, so that a warm
// start costs a read and a SHA-256.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

struct RuleFile {
  std::string name;  // as shown in errors
  std::string text;
  bool from_operator = false;  // a protocol in here replaces the shipped one of that name
};

struct RuleSources {
  std::vector<RuleFile> files;  // shipped ones first, each group in the order of the names

  /// Reads every *.toml of `shipped`, and of `operators` when that is not empty. Other files are left alone.
  static Result<RuleSources> read(const std::filesystem::path& shipped,
                                  const std::filesystem::path& operators = {});

  /// Hexadecimal SHA-256 over base names and contents: the same wherever the folder lies.
  std::string sha256() const;
};

}  // namespace wirewatch
