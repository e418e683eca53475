// SPDX-License-Identifier: BSD-3-Clause
// What tests ask of programs that nobody here wrote.
#pragma once

#include <array>
#include <cstdio>
#include <string>

namespace wirewatch::testing {

/// What a shell command prints; empty when it cannot be run.
inline std::string output_of(const std::string& command) {
  std::string output;
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 65536> piece;
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) output.append(piece.data(), got);
  ::pclose(pipe);
  return output;
}

inline bool is_here(const std::string& program) { return !output_of("command -v " + program).empty(); }

}  // namespace wirewatch::testing
