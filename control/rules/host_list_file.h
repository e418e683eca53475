// SPDX-License-Identifier: BSD-3-Clause
// hosts.tsv: which domains belong to which service. A line is service, category and domains, separated by tabs; '#' begins
// a comment. An operator's file beside own rules adds to the shipped one and wins domain by domain.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "control/rules/diagnostics.h"
#include "control/rules/rule_sources.h"
#include "dataplane/base/result.h"
#include "dataplane/classify/host_list.h"

namespace wirewatch {

inline constexpr std::string_view kHostListFile = "hosts.tsv";

/// The file of a rule folder; its text is empty when the folder has none.
Result<RuleFile> read_host_list(const std::filesystem::path& folder, bool from_operator = false);

/// What is wrong goes to `diagnostics`, by line and column, with what to write instead.
HostList compile_host_list(std::span<const RuleFile> files, Diagnostics& diagnostics);

/// Of the shipped folder and, when given, the operator's.
Result<HostList> load_host_list(const std::filesystem::path& shipped, const std::filesystem::path& operators = {});

}  // namespace wirewatch
