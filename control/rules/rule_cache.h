// SPDX-License-Identifier: BSD-3-Clause
// Compiled rules kept on disk, since compiling takes a second and loading a few milliseconds. The cache is a
// convenience: a bad file in it is compiled again, and a folder that cannot be written is no error.
#pragma once

#include <filesystem>
#include <memory>

#include "control/rules/rule_sources.h"
#include "dataplane/base/result.h"
#include "dataplane/classify/rule_set.h"

namespace wirewatch {

/// $XDG_CACHE_HOME/wirewatch, else ~/.cache/wirewatch; empty (do not cache) when neither variable is set.
std::filesystem::path default_rule_cache();

/// Rules of `rules_dir`, and of `operator_dir` when given, whose protocols win over shipped ones of the same
/// name. An empty `cache_dir` means not to cache.
Result<std::shared_ptr<const RuleSet>> load_or_compile(
    const std::filesystem::path& rules_dir, const std::filesystem::path& cache_dir = default_rule_cache(),
    const std::filesystem::path& operator_dir = {});
Result<std::shared_ptr<const RuleSet>> load_or_compile(const RuleSources& sources,
                                                       const std::filesystem::path& cache_dir);

/// The cache file for these sources under this Hyperscan on this kind of processor.
std::filesystem::path rule_cache_file(const RuleSources& sources, const std::filesystem::path& cache_dir);

}  // namespace wirewatch
