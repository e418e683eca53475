// SPDX-License-Identifier: BSD-3-Clause
// What was asked of `wirewatch inspect`, as given on the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/cli/exit_status.h"
#include "control/report/view.h"

namespace wirewatch {

struct InspectRequest {
  std::vector<std::string> files;
  bool json = false;
  std::string csv_directory;
  size_t top = 10;
  SortKey sort = SortKey::Packets;
  std::string sort_name;  // as given
  std::vector<std::string> local;
  bool inner = false;
  std::vector<std::string> unwanted;
  std::string policy;
  unsigned jobs = 0;  // 0: as many as there are cores to run on
  std::optional<uint16_t> port;
  std::string filter;  // display filter
  std::string bpf;
  std::vector<std::string> rules;
  size_t max_flows = 10'000'000;
  std::optional<size_t> width;
};

/// Reads the captures, prints what was asked for and says on standard error what is wrong with them.
ExitStatus run_inspect(const InspectRequest& request);

}  // namespace wirewatch
