// SPDX-License-Identifier: BSD-3-Clause
// Why a flow has its name: its packets shown to a classifier once more, with somebody listening. The classifier is the
// one of the pipeline, so what is told is what happened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/classify/classifier.h"
#include "dataplane/flow/records.h"

namespace wirewatch {

struct ExplainedTest {
  std::string text;      // "be16@2 == len"
  std::string compared;  // "19 == 20"
  bool held = false;
};

struct ExplainedCandidate {
  uint16_t signature = 0;
  CandidateFate fate = CandidateFate::NotConfirmed;
  uint16_t other = 0;                // ConfirmedByOther: the signature that matched the other direction
  std::vector<ExplainedTest> tests;  // up to the one that failed
};

struct ExplainedMatch {
  uint16_t signature = 0;
  ApplicationId application = kUnknownApplication;  // another than the signature's when a field refined it
  Evidence evidence = Evidence::None;
  MatchFate fate = MatchFate::Won;
  uint16_t by = 0;
};

/// One payload, or a short first segment joined with the next.
struct ExplainedScan {
  std::vector<uint8_t> bytes;  // the first kShownBytes
  int64_t wire_length = 0;
  size_t kept = 0;  // bytes at the front that came with an earlier segment
  std::vector<ExplainedCandidate> candidates;
  std::vector<ExplainedMatch> matches;
};
inline constexpr size_t kShownBytes = 48;

struct ExplainedPacket {
  uint64_t frame = 0;
  bool from_client = false;
  std::vector<ExplainedScan> scans;  // none: no longer of interest
  Verdict after;
  std::string host, alpn, ja4, user_agent;  // names inside; empty when this packet does not say
  bool encrypted_hello = false;
  bool done = false;
};

struct FlowExplanation {
  std::vector<ExplainedPacket> packets;  // with payload, up to the verdict
  Verdict verdict;
};

/// Shows the frames of `flow`, which the pipeline found in these files, to a classifier.
Result<FlowExplanation> explain_flow(const std::vector<std::string>& paths, std::shared_ptr<const RuleSet> rules,
                                     const FlowRecord& flow);

}  // namespace wirewatch
