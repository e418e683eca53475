// SPDX-License-Identifier: BSD-3-Clause
// Listens to a classifier and keeps which signatures matched.
#pragma once

#include <set>

#include "dataplane/classify/classify_trace.h"

namespace wirewatch {

class MatchesSeen final : public ClassifyTrace {
 public:
  std::set<uint16_t> signatures;

  void on_scan(std::span<const uint8_t>, int64_t, size_t) noexcept override {}
  void on_candidate(uint16_t signature, CandidateFate fate, size_t) noexcept override {
    if (fate >= CandidateFate::Strong && fate != CandidateFate::NotConfirmed) signatures.insert(signature);
  }
  void on_match(uint16_t, ApplicationId, Evidence, MatchFate, uint16_t) noexcept override {}
};

}  // namespace wirewatch
