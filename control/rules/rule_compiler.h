// SPDX-License-Identifier: BSD-3-Clause
// Rules from text to the blob that the data plane loads. Takes about a second; see rule_cache.h for the warm
// way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "control/rules/rule_sources.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct CompiledRules {
  std::vector<uint8_t> blob;  // for RuleSet::load
  std::string sha256;         // hexadecimal, of the sources
  size_t protocols = 0;
  size_t signatures = 0;
  size_t tcp_database_bytes = 0;
  size_t udp_database_bytes = 0;
};

/// The same sources give the same blob on the same machine. The error lists every fault, one a line, each
/// with its file, line and column.
Result<CompiledRules> compile_rules(const RuleSources& sources);
Result<CompiledRules> compile_rules(const std::filesystem::path& folder);

/// By how much one signature enlarges the databases: their size with all rules less their size without this
/// one.
struct SignatureSize {
  std::string id;
  int64_t tcp_bytes = 0;
  int64_t udp_bytes = 0;
};

/// Of the signatures whose id begins with `prefix`; each costs a compilation of the database it is in.
Result<std::vector<SignatureSize>> measure_signatures(const RuleSources& sources,
                                                      std::string_view prefix = {});

}  // namespace wirewatch
