// SPDX-License-Identifier: BSD-3-Clause
// Rules from text to the blob that the data plane loads. Takes a second or more; see rule_cache.h for the warm way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "control/rules/rule_linker.h"
#include "control/rules/rule_sources.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct CompiledRules {
  std::vector<uint8_t> blob;  // for RuleSet::load
  std::string sha256;         // hexadecimal, of the sources
  size_t protocols = 0;
  size_t signatures = 0;
  size_t shared_databases = 0;  // a payload is scanned with two of them
  size_t tcp_database_bytes = 0;
  size_t udp_database_bytes = 0;
  size_t own_databases = 0;  // of single signatures, scanned with only where these can match
  size_t own_database_bytes = 0;
};

/// The same sources give the same blob on the same machine. The error lists every fault, one a line, each
/// with its file, line and column.
Result<CompiledRules> compile_rules(const RuleSources& sources);
Result<CompiledRules> compile_rules(const std::filesystem::path& folder);

/// Parsed and joined, with every fault reported, but not compiled.
Result<LinkedRules> parse_and_link(const RuleSources& sources);

}  // namespace wirewatch
