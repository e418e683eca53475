// SPDX-License-Identifier: BSD-3-Clause
// What is said of a capture, line by line: by `inspect`, and by control from what a data plane counted. Hierarchy,
// destinations with their ports, endpoints, who opened what to whom, applications, and every handshake.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/classify/rule_set.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch::testing {

using Lines = std::vector<std::string>;

/// Frames that were sent anew have the times of their sending: then only which times there are can be compared.
enum class Times : uint8_t { AreTheSame, AreTheirOwn };

Lines answers_of_inspect(const std::filesystem::path& capture, std::shared_ptr<const RuleSet> rules, Times times = Times::AreTheSame);
/// Of workers that have finished; takes their events.
Lines answers_of(const SharedState& state, Times times = Times::AreTheSame);

/// Empty, or lines that only one of them has.
std::string first_difference(const Lines& expected, const Lines& found);

}  // namespace wirewatch::testing
