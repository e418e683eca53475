// SPDX-License-Identifier: BSD-3-Clause
// Runs saved captures through the pipeline and gathers what it counted into one report.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/replay/chosen_frames.h"
#include "control/report/report.h"
#include "dataplane/base/result.h"
#include "dataplane/classify/host_list.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {

/// How far reading has come, for a progress line. `file_size` is 0 when it is not known (a stream).
struct InspectProgress {
  uint64_t packets = 0;
  uint64_t bytes_read = 0;
  uint64_t file_size = 0;
};

struct InspectOptions {
  std::vector<std::string> paths;             // read one after the other as one capture; "-" is standard input
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const HostList> hosts{};    // tells services by their hosts; absent: none are told
  unsigned jobs = 1;                          // worker threads; the report does not depend on it
  std::vector<IpPrefix> local_networks;       // what counts as sent and received when given
  bool inner_destinations = false;            // destinations by the innermost instead of the outermost header
  size_t most_rows = SIZE_MAX;                // of destinations, endpoints and conversations, by packets
  bool keep_handshakes = false;               // fill Report::handshakes
  bool keep_flows = false;                    // fill Report::flows
  std::vector<std::string> unwanted;          // application or category names, checked against the rules
  size_t max_flows = 10'000'000;              // over all jobs; the oldest idle flow gives way when full, and is counted
  std::shared_ptr<const ChosenFrames> chosen{};  // report on these frames alone, with one job; absent: on all
  std::function<void(const InspectProgress&)> on_progress;  // called a few times a second from the calling thread
};

/// Reads every file to its end, or as far as it can be read. An Error only when nothing of the first file can be
/// read at all or an option is wrong; a file that breaks off yields a report with capture.truncated set.
Result<Report> inspect(const InspectOptions& options);

}  // namespace wirewatch
