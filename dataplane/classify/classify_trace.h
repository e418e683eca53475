// SPDX-License-Identifier: BSD-3-Clause
// What a classifier tells somebody who wants to know why: `wirewatch rules explain` and the tests of the rules. On
// the packet path nobody listens, which costs a comparison a candidate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/base/verdict.h"

namespace wirewatch {

/// What became of a signature whose expression a scan found, or that its port suggested.
enum class CandidateFate : uint8_t {
  OtherTransport,
  OtherSender,       // is for the other direction
  TestFailed,        // `detail` is the index of the test among the signature's
  ExpressionFailed,  // its head or its port matched, the whole expression does not
  Strong,
  ConfirmedByPort,
  ConfirmedByOther,  // `detail` is the signature that matched the other direction
  Waits,             // weak, until the other direction agrees
  NotConfirmed,      // weak, on a port that is none of its own
};

/// What became of a match when the verdict was chosen.
enum class MatchFate : uint8_t {
  Won,
  Outdone,    // `by` names its protocol in `over`
  RankedLow,  // `by` has the stronger evidence, more tests, the longer expression or the earlier id
  TooLate,    // a strong verdict stands, and this match is not `over` it
};

class ClassifyTrace {
 public:
  virtual ~ClassifyTrace() = default;
  /// `kept` of the bytes are of an earlier short segment.
  virtual void on_scan(std::span<const uint8_t> bytes, int64_t wire_length, size_t kept) noexcept = 0;
  virtual void on_candidate(uint16_t signature, CandidateFate fate, size_t detail) noexcept = 0;
  virtual void on_match(uint16_t signature, ApplicationId application, Evidence evidence, MatchFate fate,
                        uint16_t by) noexcept = 0;
};

}  // namespace wirewatch
