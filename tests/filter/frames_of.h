// SPDX-License-Identifier: BSD-3-Clause
// Runs many filters over a capture the way `wirewatch packets` does: which frames each of them selects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

struct Selected {
  size_t count = 0;
  std::string frames;  // numbers with blanks between
  std::string fault;   // of a filter that is wrong
};

std::vector<Selected> frames_of(const std::string& capture, const std::vector<std::string>& filters);

/// Lines of `tshark -T fields`: the values of the fields of every frame, tabs between.
std::vector<std::string> field_lines(const std::string& capture, const std::vector<std::string>& fields);

/// FNV-1a, 64 bits, as make_truth writes it.
uint64_t fnv1a(std::string_view text);

/// Without those that begin with '#'.
std::vector<std::string> lines_of(const std::string& path);

}  // namespace wirewatch
