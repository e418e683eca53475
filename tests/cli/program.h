// SPDX-License-Identifier: BSD-3-Clause
// Runs the wirewatch program as a shell would: arguments in, exit status, standard output and standard error
// out.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace wirewatch::testing {

struct Outcome {
  int status = -1;  // exit status; -1 when a signal ended it
  std::string out;
  std::string err;
};

struct Invocation {
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};  // on top of a small fixed one
  std::string input{};                               // standard input
  std::string out_path{};                            // where standard output goes, when not to `Outcome::out`
  bool reader_leaves = false;                        // standard output is a pipe that nobody reads any more
  bool terminal = false;  // standard output and error are one terminal of 80 columns
};

/// The program is named by $WIREWATCH_PROGRAM, which 'meson test' sets.
Outcome run(const Invocation& invocation);

/// A folder that lasts as long as the test program: captures, rules and the cache of compiled rules.
const std::filesystem::path& workspace();

/// A capture of one connection that the rules below call "toy" (category "p2p"); `cut` bytes are missing at
/// its end.
std::filesystem::path toy_capture(const std::string& name, size_t cut = 0);

/// A folder of rules that know "toy" and nothing else: quick to compile.
std::filesystem::path toy_rules();

}  // namespace wirewatch::testing
