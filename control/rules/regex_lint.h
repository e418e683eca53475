// SPDX-License-Identifier: BSD-3-Clause
// What every expression of the rules must be: anchored, of bounded width, and one that Hyperscan takes.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "control/rules/diagnostics.h"

namespace wirewatch {

/// How Hyperscan is asked to compile every expression: `.` matches every byte, one match a scan is enough.
unsigned int regex_flags();

/// The widest match a rule may ask for; what lies further back belongs into a test.
inline constexpr uint32_t kWidestRegex = 2048;

struct RegexWidth {
  uint32_t minimum = 0;
  uint32_t maximum = 0;
};

tl::expected<RegexWidth, TextFault> lint_regex(const std::string& regex);

}  // namespace wirewatch
