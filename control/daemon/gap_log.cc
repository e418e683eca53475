// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/gap_log.h"

#include <algorithm>

namespace wirewatch {

void GapLog::begin(Timestamp counted_until, std::string reason) {
  if (open()) return;
  if (gaps_.size() >= kMost) gaps_.erase(gaps_.begin());
  gaps_.push_back({.from = counted_until, .to = {}, .reason = std::move(reason)});
}

void GapLog::explain(std::string reason) {
  if (open()) gaps_.back().reason = std::move(reason);
}

void GapLog::never_mind() {
  if (open()) gaps_.pop_back();
}

void GapLog::end(Timestamp counting_since) {
  if (open()) gaps_.back().to = std::max(gaps_.back().from, counting_since);
}

}  // namespace wirewatch
