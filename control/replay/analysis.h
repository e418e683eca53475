// SPDX-License-Identifier: BSD-3-Clause
// What analysed a capture: rules, readers, workers and what they handed on. A report's string views point into it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/aggregate/collector.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/pipeline/worker.h"
#include "dataplane/source/file_chain.h"

namespace wirewatch {

struct Analysis {
  CollectOptions collect;
  std::shared_ptr<const RuleSet> rules;
  std::unique_ptr<FileChain> chain;
  std::vector<std::unique_ptr<Collector>> collectors;
  std::vector<std::unique_ptr<Worker>> workers;
  std::string unsupported_link_type;
};

}  // namespace wirewatch
