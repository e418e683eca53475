// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch packets FILE...`: the packets that match a filter, as a list, as fields, as JSON or as a capture file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/options/command.h"

namespace wirewatch {

struct PacketsRequest {
  std::vector<std::string> files;
  std::string filter;
  std::string bpf;
  std::optional<uint64_t> most;
  bool count = false;
  std::string format = "text";  // text, fields or json
  bool json = false;
  std::vector<std::string> fields;
  std::vector<std::string> style;
  std::string write;
  bool bytes = false;
  bool one_pass = false;
  std::vector<std::string> rules;
  size_t max_flows = 10'000'000;
};

CommandRun declare_packets(Options options);

/// Reads the captures and prints or writes what was asked for.
ExitStatus run_packets(const PacketsRequest& request);

}  // namespace wirewatch
